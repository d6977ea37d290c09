package state

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Past is what the journal tells of earlier runs in this directory.
type Past struct {
	Ended time.Time // of the last run: its last line
	In    string    // the id of the step in which it stopped; empty: it came to its end
	Whole bool      // some run ended with nothing left to do, on a host that runs it
	Human Cost      // what was asked of a person in all runs so far
}

// How much of a journal is read, from its end, and of one line, in bytes. What
// is cut off makes the costs of the oldest runs be left out.
const (
	pastLimit     = 64 << 20
	pastLineLimit = 1 << 20
)

// ReadPast reads the directory's journal; found is false where no run has left
// anything there. Torn lines, and lines that are no events, are passed by.
func ReadPast(d Dir) (p Past, found bool) {
	f, err := os.OpenFile(d.Own("journal.jsonl"), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return Past{}, false
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return Past{}, false
	}
	if over := info.Size() - pastLimit; over > 0 {
		if _, err := f.Seek(over, io.SeekStart); err != nil {
			return Past{}, false
		}
	}
	return readPast(io.LimitReader(f, pastLimit))
}

func readPast(r io.Reader) (Past, bool) {
	lines := bufio.NewReaderSize(r, pastLineLimit)
	var all Cost
	var last pastRun
	whole := false
	var chatter []byte // the last line that decides nothing
	for {
		line, err := lines.ReadSlice('\n')
		for long := errors.Is(err, bufio.ErrBufferFull); long; long = errors.Is(err, bufio.ErrBufferFull) {
			line = nil // nothing that is looked for is so long
			_, err = lines.ReadSlice('\n')
		}
		switch e, ok := pastEvent(line); {
		case ok && e.Run != last.id:
			all = all.Plus(last.human)
			last = pastRun{id: e.Run}
			fallthrough
		case ok:
			last.take(e)
			whole = whole || last.whole
			chatter = chatter[:0]
		case bytes.HasSuffix(line, []byte("}\n")):
			chatter = append(chatter[:0], line...)
		}
		if err != nil {
			break
		}
	}
	var e pastLine
	if json.Unmarshal(chatter, &e) == nil && e.Run == last.id && e.At.After(last.at) {
		last.at = e.At
	}
	return Past{Ended: last.at, In: last.stoppedIn(), Whole: whole, Human: all.Plus(last.human)}, !last.at.IsZero()
}

// pastLine is what is read of an event (steps.Event).
type pastLine struct {
	At       time.Time `json:"at"`
	Run      string    `json:"run"`
	Step     string    `json:"step"`
	Kind     string    `json:"kind"`
	Status   string    `json:"status"`
	Text     string    `json:"text"`
	Err      string    `json:"err"`
	Hint     string    `json:"hint"`
	Question *struct {
		Key  string `json:"key"`
		Cost Cost   `json:"cost"`
	} `json:"question"`
	Human *Cost `json:"human"`
}

// pastEvent reads a line where it is one that decides something; most are not,
// and are told apart without being parsed.
func pastEvent(line []byte) (e pastLine, ok bool) {
	_, kind, found := bytes.Cut(line, []byte(`"kind":"`))
	if !found {
		return e, false
	}
	kind, _, _ = bytes.Cut(kind[:min(len(kind), 20)], []byte(`"`))
	switch string(kind) {
	case "run", "start", "step", "question", "answer", "result":
		return e, json.Unmarshal(line, &e) == nil && e.Run != "" && !e.At.IsZero()
	}
	return e, false
}

// pastRun is one run while its lines are read.
type pastRun struct {
	id    string
	at    time.Time
	human Cost
	ended bool
	runs  bool // the host runs what the files say
	whole bool
	steps []pastStep // that were taken up, the last one last
	asked map[string]Cost
}

type pastStep struct {
	id   string
	told int // what was told of it since
}

// What is told of a step, by how likely it is the one in which a run stopped.
const (
	toldNothing = iota
	toldCutOff
	toldWaiting
	toldDone
)

// deployStep is the step after which there is something to watch.
const deployStep = "deploy"

const interrupted = "interrupted" // as the engine says it, of a run and of a step

func (r *pastRun) take(e pastLine) {
	r.at = e.At
	key := e.Step + " "
	switch e.Kind {
	case "run":
		r.ended = false
	case "start":
		r.steps = slices.DeleteFunc(r.steps, func(s pastStep) bool { return s.id == e.Step })
		r.steps = append(r.steps, pastStep{e.Step, toldNothing})
	case "step":
		r.runs = r.runs || e.Step == deployStep && e.Status == "ready"
		for i := range r.steps {
			if r.steps[i].id == e.Step {
				r.steps[i].told = told(e)
			}
		}
	case "question":
		if e.Question != nil {
			if r.asked == nil {
				r.asked = map[string]Cost{}
			}
			r.asked[key+e.Question.Key] = e.Question.Cost
		}
	case "answer": // its text is: KEY from WHERE
		answered, _, _ := strings.Cut(e.Text, " from ")
		r.human = r.human.Plus(r.asked[key+answered])
		delete(r.asked, key+answered)
	case "result":
		r.ended, r.whole = e.Err != interrupted, r.runs && e.Status == "ready"
		if e.Human != nil {
			r.human = *e.Human
		}
	}
}

func told(e pastLine) int {
	switch {
	case e.Hint == interrupted:
		return toldCutOff
	case e.Status == "waiting":
		return toldWaiting
	}
	return toldDone
}

// stoppedIn is the step that the run was at: of those that were taken up and
// not done, one of which nothing was told yet before one that was cut off or
// that waits for the world; of several the last.
func (r *pastRun) stoppedIn() string {
	best := pastStep{"", toldDone}
	for _, s := range r.steps {
		if s.told < toldDone && s.told <= best.told {
			best = s
		}
	}
	if r.ended {
		return ""
	}
	return best.id
}
