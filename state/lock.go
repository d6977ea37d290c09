package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Lock keeps two runs in one directory apart. It is the kernel's lock on a
// file, so a run that was killed leaves none behind.
type Lock struct{ f *os.File }

// holder is what the lock file tells the one who finds it taken.
type holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Start time.Time `json:"start"`
}

// TakeLock takes the directory's lock, or returns a Problem that names who
// holds it. now is in the time zone of the one who reads that.
func TakeLock(d Dir, now time.Time) (*Lock, error) {
	if err := d.MakeOwn(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(d.Own("lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("take lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer func() { _ = f.Close() }()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("take lock: %w", err)
		}
		var h holder
		_ = json.NewDecoder(f).Decode(&h)
		return nil, Problem{
			What: "another nixwright works in " + d.Root,
			Why:  fmt.Sprintf("process %d on %s since %s holds %s", h.PID, h.Host, h.Start.In(now.Location()).Format(time.TimeOnly), d.Own("lock")),
			Fix:  "wait for it, or end it; then run this again",
		}
	}
	name, _ := os.Hostname()
	b, err := json.Marshal(holder{PID: os.Getpid(), Host: name, Start: now.UTC()})
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(b, 0)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("take lock: %w", err)
	}
	return &Lock{f: f}, nil
}

// Release gives the lock back.
func (l *Lock) Release() error { return l.f.Close() }
