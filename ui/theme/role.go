package theme

import (
	"image/color"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// Role is what a colour means.
type Role int

// The roles.
const (
	Plain  Role = iota // the terminal's own text
	OK                 // true, proven
	Warn               // risk, drift, blocked
	Bad                // broken, failed
	Run                // moving, links, keys
	You                // waits for you
	Quiet              // help, ages, stale
	Select             // the chosen row: a background, or reverse
)

// look is a role's colours: exact ones, those of a terminal with 256, which
// would be guessed badly from the exact ones, and those of one with sixteen.
type look struct{ dark, light, dark256, light256, dark16, light16 color.Color }

// The colours by role. Of sixteen, quiet is faint and select is reverse.
var looks = map[Role]look{
	OK:     {lipgloss.Color("#7BC275"), lipgloss.Color("#176F30"), lipgloss.Color("114"), lipgloss.Color("22"), lipgloss.Green, lipgloss.Green},
	Warn:   {lipgloss.Color("#E5B567"), lipgloss.Color("#8A5A00"), lipgloss.Color("179"), lipgloss.Color("94"), lipgloss.Yellow, lipgloss.Yellow},
	Bad:    {lipgloss.Color("#FF8A80"), lipgloss.Color("#C4232C"), lipgloss.Color("210"), lipgloss.Color("124"), lipgloss.BrightRed, lipgloss.Red},
	Run:    {lipgloss.Color("#6CB6FF"), lipgloss.Color("#0A62C9"), lipgloss.Color("75"), lipgloss.Color("25"), lipgloss.Cyan, lipgloss.Blue},
	You:    {lipgloss.Color("#D2A8FF"), lipgloss.Color("#7A3FD0"), lipgloss.Color("183"), lipgloss.Color("92"), lipgloss.Magenta, lipgloss.Magenta},
	Quiet:  {dark: lipgloss.Color("#9AA4AF"), light: lipgloss.Color("#57606A"), dark256: lipgloss.Color("247"), light256: lipgloss.Color("240")},
	Select: {dark: lipgloss.Color("#2F3742"), light: lipgloss.Color("#E4EAF1"), dark256: lipgloss.Color("236"), light256: lipgloss.Color("255")},
}

// of is the colour for a terminal with more than sixteen.
func (l look) of(o Options) color.Color {
	if o.Profile == colorprofile.ANSI256 {
		return pick(o.Dark, l.dark256, l.light256)
	}
	return pick(o.Dark, l.dark, l.light)
}
