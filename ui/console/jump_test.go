package console

import (
	"testing"
	"time"
)

func TestJump(t *testing.T) {
	for _, size := range sizes {
		begin(t, red(), size[0], size[1]).Press(":").Type("nv").Golden("jump")
	}
	for input, want := range map[string]string{
		"gc": "PHASE", "1282": "nixos-omnara1", "log 1282": "nixos-omnara1", "f28": "", "213 nvim": "PR 213", "builds": "STATUS",
	} {
		s := beginWith(t, Options{First: red(), Desk: failed()}).Press(":").Type(input)
		if input == "gc" {
			s.Has("page      GC")
			continue
		}
		s.Press("enter").Advance(time.Second).Has(want)
	}
	s := begin(t, red(), 80, 24).Press(":").Type("nothing of this").Has("Nothing has this name").Press("enter").Has("nothing has this name")
	s.Press("ctrl+u").Type("ho").Press("tab").Has(": Host▏").Press("backspace").Has(": Hos▏").Press("esc").Has("does not build")
	if !begin(t, red(), 80, 24).Press(":").Type("quit").Press("enter").Quit() {
		t.Error("it did not quit")
	}
	begin(t, red(), 80, 24).Press(":", "down", "enter").Has("STATUS")
}

// A failure that is not so now is explained, and not called broken; what a hand
// opened is closed by the next key.
func TestJumpToAFailureThatIsNot(t *testing.T) {
	begin(t, green(), 80, 24).Press(":").Type("F3").Press("enter").Has("not so now", "F3").Lacks("broken").Press("esc").Lacks("not so now").Has("sources")
}
