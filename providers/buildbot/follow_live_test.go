package buildbot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/state"
)

// TestFollowLife follows a log of a living world to its end, with a WebSocket,
// without one, and with one that is cut.
func TestFollowLife(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]map[string]http.HandlerFunc{
		"WebSocket": nil, "looking": {"/ws": http.NotFound}, "deaf": {"/ws": deaf}, "cut": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, l := livingWorld(t, fake.Life{Seed: "follow", Rate: 100, Builders: 40})
			p := newProxy(t, at, other)
			c := buildbot.New(http.DefaultClient, p.URL)
			begun := growing(t, c, l)
			ctx, cancel := context.WithTimeout(t.Context(), patient)
			defer cancel()
			grown := make(chan state.BuildLog)
			end := make(chan error, 1)
			go func() { end <- c.Follow(ctx, begun, func(l state.BuildLog) { grown <- l }) }()
			last, told := begun, 0
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for !last.Done {
				select {
				case now := <-grown:
					if now.ID != begun.ID || now.Lines < last.Lines || now.Lines == last.Lines && !now.Done {
						t.Errorf("after %+v came %+v", last, now)
					}
					if last, told = now, told+1; name == "cut" && told == 1 {
						if err := l.Fault(fake.FaultDrop); err != nil {
							t.Fatal(err)
						}
					}
				case err := <-end:
					t.Fatalf("it ended at %+v: %v", last, err)
				case <-tick.C:
					l.Step()
				}
			}
			if err := <-end; err != nil {
				t.Error(err)
			}
			if now, err := c.Log(t.Context(), begun.ID); err != nil || now != last {
				t.Errorf("at the end %+v, %v, told %+v", now, err, last)
			}
			lines, err := c.RawLines(t.Context(), last, 0, 2000)
			clean, also := c.Lines(t.Context(), last, 0, 2000)
			if err != nil || also != nil || len(lines) != last.Lines || len(clean) != last.Lines || lines[0] != clean[0].Text {
				t.Errorf("%d lines, %v, of %d", len(lines), err, last.Lines)
			}
		})
	}
	at, _ := livingWorld(t, fake.Life{Seed: "follow"})
	if err := buildbot.New(http.DefaultClient, at).Follow(t.Context(), state.BuildLog{ID: 4711}, nil); err == nil || !strings.Contains(err.Error(), "4711") {
		t.Errorf("of no log: %v", err)
	}
}

// growing finds a log that grows.
func growing(t *testing.T, c *buildbot.Client, l *fake.Living) state.BuildLog {
	t.Helper()
	for range 3000 {
		l.Step()
		truth := l.Truth()
		for _, b := range truth.Builds {
			if b.Result >= 0 || b.Attr == "" {
				continue
			}
			if log, err := logOf(t.Context(), c, int64(b.ID), "Build flake attr"); err == nil && !log.Done && log.Lines > 0 {
				return log
			}
		}
	}
	t.Fatal("nothing grows")
	return state.BuildLog{}
}

// TestRawLines: lines are as they came, and no answer is too long.
func TestRawLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3<<20)
	accents := strings.Repeat("é", 2<<20)
	for name, test := range map[string]struct {
		kind, content string
		want          []string
		cut           bool // the one line
	}{
		"streams":         {"s", "oone\rtwo\x1b[1m\nethree\nh\n", []string{"one\rtwo\x1b[1m", "three", ""}, false},
		"text":            {"t", "one\ntwo\n", []string{"one", "two"}, false},
		"none":            {"s", "", nil, false},
		"a long line":     {"s", "o" + long + "\n", nil, true},
		"a long last one": {"s", "oone\noO\n" + "o" + long + "\noafter\n", []string{"one", "O"}, false},
		"no ASCII":        {"s", "o" + accents + "\n", nil, true},
		"quotes":          {"s", "o" + strings.Repeat(`"\u`+"\t", 1<<20) + "\n", nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, "http://127.0.0.1:1", map[string]http.HandlerFunc{"/api/v2/logs/7/contents": func(rw http.ResponseWriter, r *http.Request) {
				if got := r.URL.RawQuery; got != "limit=256&offset=5" {
					t.Errorf("asked %s", got)
				}
				raw, err := json.Marshal(map[string]any{"logchunks": []any{map[string]any{"content": test.content, "firstline": 5, "logid": 7}}, "meta": struct{}{}})
				if err != nil {
					t.Error(err)
				}
				_, _ = rw.Write(raw)
			}})
			got, err := buildbot.New(http.DefaultClient, p.URL).RawLines(t.Context(), state.BuildLog{ID: 7, Kind: test.kind}, 5, 256)
			if err != nil {
				t.Fatal(err)
			}
			if !test.cut {
				if !slices.Equal(got, test.want) {
					t.Errorf("%.200q", got)
				}
				return
			}
			const says = " [cut here: the line is longer than 2 MiB]"
			text, found := strings.CutSuffix(got[0], says)
			if len(got) != 1 || !found || len(text) < 400_000 || !strings.HasPrefix(test.content[1:], text) {
				t.Errorf("%d lines, %s", len(got), fmt.Sprintf("%.50q ... %q", got[0], got[0][len(got[0])-60:]))
			}
		})
	}
}
