package console

import (
	"fmt"
	"time"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/widget"
)

// uploadsFact is what niks3 tells of uploads, and for the rest what the newest
// builds tell.
func uploadsFact(s scene) widget.Fact {
	f, up := of(s, s.snap.Uploads, fromNiks3)
	running, seen := uploads(s, &up)
	switch {
	case up.Pending > 0 && !up.Oldest.IsZero():
		f.add(theme.Mark{}, widget.Count(up.Pending)+" pending, the oldest for "+coarse(s.now.Sub(up.Oldest)))
	case f.known:
		f.add(theme.Mark{}, widget.Count(up.Pending)+" pending")
	case seen:
		f.known = true
		f.source, f.at = s.snap.Told(live.TableBuilds)
		f.add(theme.Mark{}, widget.Count(int64(running))+" under way")
	}
	if !up.Last.IsZero() {
		last := "last " + before(s, up.Last)
		if up.LastBytes > 0 {
			last += ", " + widget.Size(up.LastBytes)
		}
		if up.LastTook > 0 {
			last += " in " + fmt.Sprintf("%.1fs", up.LastTook.Seconds())
		}
		f.add(theme.Mark{}, last)
	}
	mark := theme.Mark{}
	if up.FailedToday > 0 {
		mark = glyph("risk")
	}
	f.add(mark, widget.Count(up.FailedToday)+" failed in 24 hours")
	return f.row("Uploads")
}

// uploads fills in what the newest builds tell of uploads and was not told
// otherwise, and says how many are under way; seen is false where there are no
// builds.
func uploads(s scene, up *live.Uploads) (running int, seen bool) {
	const most = 300
	n, failed, last := 0, int64(0), time.Time{}
	for b := range s.snap.Builds(0) {
		if n++; n > most {
			break
		}
		switch b.Upload {
		case live.Uploading:
			running++
		case live.Uploaded:
			if b.Finished.After(last) {
				last = b.Finished
			}
		case live.UploadFailed:
			if s.now.Sub(b.Finished) < 24*time.Hour {
				failed++
			}
		case live.NoUpload:
		}
	}
	if up.Last.IsZero() {
		up.Last = last
	}
	up.FailedToday = max(up.FailedToday, failed)
	return running, n > 0
}
