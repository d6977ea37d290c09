package age_test

import (
	"strings"
	"testing"

	filippo "filippo.io/age"

	"github.com/nixwright/nixwright/providers/age"
)

// FuzzHostRecipient feeds whatever a host may answer: what comes out is a
// recipient, or an error.
func FuzzHostRecipient(f *testing.F) {
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOHz+U0YtjINc54dZiJNclfmEFifF7RXCFlNlTbuZBji root@omnara1")
	f.Add("command=\"x\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOHz+U0YtjINc54dZiJNclfmEFifF7RXCFlNlTbuZBji")
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("# omnara1 SSH-2.0-OpenSSH_9.8\n")
	f.Fuzz(func(t *testing.T, line string) {
		got, err := age.HostRecipient(line)
		if err != nil {
			return
		}
		if _, err := filippo.ParseX25519Recipient(got); err != nil || strings.ContainsAny(got, " \n") {
			t.Errorf("%q gives %q: %v", line, got, err)
		}
	})
}
