package ssh

import (
	"fmt"
	"regexp"
	"strings"
)

// destination is what a destination may be made of. What a shell would read as
// its own is left out, since a user's configuration may put the host's name
// into a ProxyCommand.
var destination = regexp.MustCompile(`^[A-Za-z0-9._:@%/\[\]+=,~-]+$`)

// CheckDestination refuses what is not a destination of ssh(1): a name, an
// address, user@name, or ssh://user@name:port. Nothing in it may be taken for
// a flag by ssh, or for more than a word by a shell.
func CheckDestination(s string) error {
	rest := strings.TrimPrefix(s, "ssh://")
	ok := len(s) <= 512 && destination.MatchString(s)
	for part := range strings.SplitSeq(rest, "@") {
		ok = ok && part != "" && !strings.HasPrefix(part, "-")
	}
	if !ok {
		return fmt.Errorf("%q is not an ssh destination", s)
	}
	return nil
}
