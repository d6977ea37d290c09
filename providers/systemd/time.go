package systemd

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// never are the ways in which systemd says that there is no time.
var never = map[string]bool{"": true, "n/a": true, "0": true, "infinity": true, "-": true}

// zones are the abbreviations that mean one offset wherever they are used, in
// hours. All others (CST, IST) are refused: a wrong time is worse than none.
var zones = map[string]float64{
	"UTC": 0, "GMT": 0, "Z": 0,
	"WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
	"EST": -5, "EDT": -4, "CDT": -5, "MDT": -6, "PST": -8, "PDT": -7, "JST": 9,
}

// Time reads a time as systemctl prints it: a date ("Sun 2026-11-22 23:50:08
// UTC", with a fraction under --timestamp=us), seconds after an @
// (--timestamp=unix), or microseconds since 1970. "n/a", nothing, 0 and the
// greatest number mean none: a zero time. The answer is in UTC.
func Time(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	if never[s] {
		return time.Time{}, nil
	}
	if seconds, ok := strings.CutPrefix(s, "@"); ok {
		n, err := strconv.ParseInt(seconds, 10, 64)
		if err != nil {
			return time.Time{}, fmt.Errorf("read time %q: not a number of seconds", s)
		}
		return time.Unix(n, 0).UTC(), nil
	}
	if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		return micro(n), nil
	}
	return date(s)
}

// micro is a time in microseconds since 1970; 0 and what no date can be is none.
func micro(n uint64) time.Time {
	if n == 0 || n > math.MaxInt64 {
		return time.Time{}
	}
	return time.UnixMicro(int64(n)).UTC()
}

// date reads a date with or without its weekday.
func date(s string) (time.Time, error) {
	words := strings.Fields(s)
	if len(words) == 4 {
		words = words[1:]
	}
	if len(words) != 3 {
		return time.Time{}, fmt.Errorf("read time %q: not a date as systemd prints it", s)
	}
	at, err := time.Parse("2006-01-02 15:04:05", words[0]+" "+words[1])
	if err != nil {
		return time.Time{}, fmt.Errorf("read time %q: not a date as systemd prints it", s)
	}
	offset, known := zones[words[2]]
	if known {
		return at.Add(-time.Duration(offset * float64(time.Hour))), nil
	}
	for _, layout := range []string{"-07", "-0700", "-07:00"} {
		if zone, err := time.Parse(layout, words[2]); err == nil {
			_, east := zone.Zone()
			return at.Add(-time.Duration(east) * time.Second), nil
		}
	}
	return time.Time{}, fmt.Errorf("read time %q: the zone %s is ambiguous; ask with TZ=UTC", s, words[2])
}
