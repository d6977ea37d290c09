// Package logview is the log of a build on a screen: Clean makes hostile text
// safe, Log holds the lines of a log of any size in bounded memory, View shows
// them.
//
// A line stands for itself: no colour and no unfinished sequence of one line
// reaches into the next, so that a log can be read from any line on.
//
// Update and View read memory only. What a Source must be asked for is asked by
// commands, in bounded steps that a key cancels.
package logview
