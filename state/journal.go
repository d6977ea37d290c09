package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"
)

// Journal is .nixwright/journal.jsonl: one JSON object a line, what happened
// in every run. It tells the user where a run stopped and never decides
// whether a step is skipped; its one use is Asked.
type Journal struct {
	path string
	mu   sync.Mutex
	f    *os.File
}

// asking is the line before a one-time call.
type asking struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	Asking string    `json:"asking"`
}

// NewJournal names the directory's journal; it is opened by the first line.
func NewJournal(d Dir) *Journal { return &Journal{path: d.Own("journal.jsonl")} }

// Append writes one line; durable: it is on disk before Append returns.
func (j *Journal) Append(v any, durable bool) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f == nil {
		if j.f, err = os.OpenFile(j.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NOFOLLOW, 0o600); err != nil {
			return fmt.Errorf("write journal: %w", err)
		}
		if torn(j.path) {
			b = append([]byte("\n"), b...)
		}
	}
	if _, err := j.f.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	if durable {
		if err := j.f.Sync(); err != nil {
			return fmt.Errorf("write journal: %w", err)
		}
	}
	return nil
}

// torn says whether the last line was cut off by a kill.
func torn(path string) bool {
	b, err := os.ReadFile(path)
	return err == nil && len(b) > 0 && b[len(b)-1] != '\n'
}

// Asking records, on disk, that the one-time thing of this name is about to be
// asked for. Without it on disk nothing may be asked.
func (j *Journal) Asking(name string) error {
	return j.Append(asking{At: time.Now().UTC(), Kind: "asking", Asking: name}, true)
}

// Asked says whether an earlier run, or this one, asked for it. A missing or
// torn journal says no.
func (j *Journal) Asked(name string) bool {
	b, err := os.ReadFile(j.path)
	if err != nil {
		return false
	}
	for line := range bytes.Lines(b) {
		var a asking
		if json.Unmarshal(line, &a) == nil && a.Kind == "asking" && a.Asking == name {
			return true
		}
	}
	return false
}

// Close closes the file, if one was opened.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f == nil {
		return nil
	}
	err := j.f.Close()
	j.f = nil
	return err
}

// Exists says whether there is a journal.
func (j *Journal) Exists() bool {
	_, err := os.Stat(j.path)
	return !errors.Is(err, fs.ErrNotExist)
}
