package theme

import (
	"image/color"

	"charm.land/lipgloss/v2"
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

// look is a role's colours: exact ones, and those of a terminal with sixteen.
type look struct{ dark, light, dark16, light16 color.Color }

// The colours by role. Of sixteen, quiet is faint and select is reverse.
var looks = map[Role]look{
	OK:     {lipgloss.Color("#7BC275"), lipgloss.Color("#176F30"), lipgloss.Green, lipgloss.Green},
	Warn:   {lipgloss.Color("#E5B567"), lipgloss.Color("#8A5A00"), lipgloss.Yellow, lipgloss.Yellow},
	Bad:    {lipgloss.Color("#FF8A80"), lipgloss.Color("#C4232C"), lipgloss.BrightRed, lipgloss.Red},
	Run:    {lipgloss.Color("#6CB6FF"), lipgloss.Color("#0A62C9"), lipgloss.Cyan, lipgloss.Blue},
	You:    {lipgloss.Color("#D2A8FF"), lipgloss.Color("#7A3FD0"), lipgloss.Magenta, lipgloss.Magenta},
	Quiet:  {dark: lipgloss.Color("#9AA4AF"), light: lipgloss.Color("#57606A")},
	Select: {dark: lipgloss.Color("#2F3742"), light: lipgloss.Color("#E4EAF1")},
}
