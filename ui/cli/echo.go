package cli

import "github.com/charmbracelet/x/termios"

// Echo switches whether the terminal shows what is typed, also while a line is
// being read.
func Echo(fd int) func(on bool) {
	return func(on bool) {
		t, err := termios.GetTermios(fd)
		if err != nil {
			return
		}
		_ = termios.SetTermios(fd, t.Ispeed, t.Ospeed, nil, nil, nil, nil, map[termios.L]bool{termios.ECHO: on})
	}
}
