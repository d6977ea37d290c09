// Package tui is the full-screen program: the one tea.Model, everything else
// is a Page.
//
// A Root holds a stack of pages and, above them, overlays (help, dialogs).
// Input goes to the uppermost layer alone, every other message to all layers,
// so that a covered page still learns what happened. The Root draws the frame:
// header, body, message line, and a footer made of the keys that work.
//
// Pages are values. Update and View do no I/O and read no clock: size, theme,
// time and ticks come in the Env. What appears by itself takes no key and no
// click for half a second.
package tui
