package plain_test

import (
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/plain"
)

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                     "0.0s",
		999 * time.Millisecond:                "0.9s",
		time.Second:                           "1s",
		59*time.Second + 999*time.Millisecond: "59s",
		252 * time.Second:                     "4m12s",
		time.Hour:                             "1h00m",
		3*time.Hour + 5*time.Minute:           "3h05m",
	} {
		if got := plain.Took(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestCost(t *testing.T) {
	for want, c := range map[string]state.Cost{
		"nothing":                             {},
		"1 page":                              {Pages: 1},
		"1 page, 3 clicks":                    {Pages: 1, Clicks: 3},
		"4 pages, 8 clicks, 1 paste":          {Pages: 4, Clicks: 8, Pastes: 1},
		"2 pages, 1 click, 2 pastes, 3 typed": {Pages: 2, Clicks: 1, Pastes: 2, Typed: 3},
	} {
		if got := plain.Cost(c); got != want {
			t.Errorf("%+v is %q, want %q", c, got, want)
		}
	}
}

func TestStyle(t *testing.T) {
	for name, tc := range map[string]struct {
		env      map[string]string
		terminal bool
		want     plain.Style
	}{
		"a terminal":               {map[string]string{"LANG": "en_US.UTF-8", "TERM": "xterm"}, true, plain.Style{Colour: true}},
		"NO_COLOR":                 {map[string]string{"LANG": "C.utf8", "NO_COLOR": "1"}, true, plain.Style{}},
		"a dumb terminal":          {map[string]string{"LANG": "en_US.UTF-8", "TERM": "dumb"}, true, plain.Style{}},
		"no locale":                {nil, true, plain.Style{Colour: true, ASCII: true}},
		"LC_ALL before LANG":       {map[string]string{"LC_ALL": "C", "LANG": "en_US.UTF-8"}, true, plain.Style{Colour: true, ASCII: true}},
		"LC_CTYPE before LANG":     {map[string]string{"LC_CTYPE": "de_DE.UTF-8", "LANG": "C"}, true, plain.Style{Colour: true}},
		"a pipe: no colour, UTF-8": {map[string]string{"TERM": "xterm"}, false, plain.Style{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := plain.StyleOf(func(n string) string { return tc.env[n] }, tc.terminal); got != tc.want {
				t.Errorf("%+v, want %+v", got, tc.want)
			}
		})
	}
}
