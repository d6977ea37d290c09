package logview

import "strings"

// place is where in a line a pattern must stand.
type place uint8

const (
	start  place = iota // behind blanks and the name of a derivation
	within              // anywhere
)

// pattern is a text that tells of a failure, or of none.
type pattern struct {
	place place
	text  string
}

// failures are the texts of what Nix, buildbot and the usual build tools say
// when they fail.
var failures = []pattern{
	{start, "error:"},
	{start, "error["}, // rustc: error[E0425]
	{start, "Error:"},
	{start, "ERROR:"},
	{start, "ERROR "},
	{start, "fatal:"},
	{start, "FATAL"},
	{start, "FAILED"},
	{start, "FAIL:"},
	{start, "--- FAIL"},
	{start, "panic:"},
	{start, "Traceback (most recent call last)"},
	{start, "npm ERR!"},
	{start, "npm error"},
	{start, "CMake Error"},
	{start, "configure: error:"},
	{start, "E   "}, // pytest
	{start, "ninja: build stopped"},
	{start, "Segmentation fault"},
	{within, ": error:"},
	{within, ": fatal error:"},
	{within, ": undefined reference to "},
	{within, "ld: cannot find "},
	{within, "' panicked at "},
	{within, "hash mismatch in fixed-output derivation"},
	{within, "No space left on device"},
	{within, "Cannot allocate memory"},
	{within, "] Error "}, // make: *** [Makefile:3: all] Error 1
	{within, "' failed"}, // builder for '...' failed, build of '...' failed
	{within, "timed out after "},
	{within, "command timed out: "},             // buildbot
	{start, "program finished with exit code "}, // buildbot, where the program said nothing that is known; 0: noise
	{within, "FAILED (failures="},
	{within, "FAILED (errors="},
	{within, ", result FAILURE"},   // buildbot-nix, of a build that it triggered
	{within, ", result EXCEPTION"}, // the same
}

// noise are the texts of lines that fail nothing, whatever else they say.
var noise = []pattern{
	{start, "warning:"},
	{start, "trace:"},
	{start, "evaluation warning:"},
	{start, "checking for "},
	{start, "error (ignored):"},
	{within, "(ignored)"},
	{within, "ignoring error"},
	{within, ": warning:"},
	{start, "program finished with exit code 0"},
	{within, "FAILED: 0"},
	{within, "FAILED 0"},
	{within, "ERROR: 0"},
	{within, "error: 0 "},
	{within, "XFAIL"},
	{within, "(expected failure)"},
	{within, "retrying in "},
}

// hints are short texts of which every line that fails has one: most lines are
// done with them.
var hints = []string{"rror", "ERR", "ail", "FAIL", "atal", "FATAL", "panic", "Trace", "E   ", "ninja:", "Segm", "undef", "mismatch", "No space", "Cannot", "cannot find", "timed", "EXC", "exit code"}

// Failing says whether a line tells of a failure.
func Failing(l Line) bool {
	if !hinted(string(l)) {
		return false
	}
	whole := plain(l)
	body := begin(whole)
	return matches(failures, whole, body) && !matches(noise, whole, body)
}

func hinted(s string) bool {
	for _, h := range hints {
		if strings.Contains(s, h) {
			return true
		}
	}
	return false
}

func matches(table []pattern, whole, body string) bool {
	for _, p := range table {
		if p.place == start && strings.HasPrefix(body, p.text) || p.place == within && strings.Contains(whole, p.text) {
			return true
		}
	}
	return false
}

// begin is a line without the blanks before it and without the name that nix
// build -L writes before the words of a derivation: "nvim> error: ...".
func begin(s string) string {
	s = strings.TrimLeft(s, " ")
	if name, rest, ok := strings.Cut(s, "> "); ok && name != "" && !strings.ContainsAny(name, " '\"<") {
		return strings.TrimLeft(rest, " ")
	}
	return s
}
