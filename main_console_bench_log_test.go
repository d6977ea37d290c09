package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// The logs that no world has: one of a gigabyte, and one that grows fast.
const (
	giantLines = 10_000_000
	hoseRate   = 4000 // lines a second
	hoseChunk  = 50 * time.Millisecond
	ownLog     = 900_000_000 // the number of the log of step 1, less one
)

// hose is buildbot with one log at each step, that of its own.
type hose struct {
	lines atomic.Int64
	grows bool
	read  atomic.Int64 // bytes of lines that were asked for
}

// row is a log as buildbot tells it.
func (h *hose) row(log int) map[string]any {
	return map[string]any{"logid": log, "complete": !h.grows, "name": "stdio", "slug": "stdio", "num_lines": h.lines.Load(), "stepid": log - ownLog, "type": "s"}
}

// text is a line of about a hundred bytes.
func (h *hose) text(n int) string {
	return fmt.Sprintf("ocompile> \x1b[32m[%9d]\x1b[0m CC src/of/a/large/program/file-%06d.c -> build/file-%06d.o in %d ms\n", n, n%999_983, n%999_983, n%977)
}

// serve puts it before a master.
func (h *hose) serve(b *testing.B, master string) string {
	b.Helper()
	to, err := url.Parse(master)
	if err != nil {
		b.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", httputil.NewSingleHostReverseProxy(to))
	number := func(r *http.Request) int { n, _ := strconv.Atoi(r.PathValue("n")); return n }
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
	mux.HandleFunc("GET /api/v2/steps/{n}/logs", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]any{"logs": []any{h.row(ownLog + number(r))}, "meta": map[string]any{"total": 1}})
	})
	mux.HandleFunc("GET /api/v2/logs/{n}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]any{"logs": []any{h.row(number(r))}, "meta": map[string]any{}})
	})
	mux.HandleFunc("GET /api/v2/logs/{n}/contents", func(w http.ResponseWriter, r *http.Request) {
		from, _ := strconv.Atoi(r.FormValue("offset"))
		limit, _ := strconv.Atoi(r.FormValue("limit"))
		var text strings.Builder
		for n := from; n < min(from+limit, int(h.lines.Load())); n++ {
			text.WriteString(h.text(n))
		}
		h.read.Add(int64(text.Len()))
		answer(w, map[string]any{"logchunks": []any{map[string]any{"content": text.String(), "firstline": from, "logid": number(r)}}, "meta": map[string]any{}})
	})
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		h.socket(w, r, strings.Replace(master, "http", "ws", 1)+"/ws")
	})
	s := httptest.NewServer(mux)
	b.Cleanup(s.Close)
	return s.URL
}

// socket is a WebSocket: what is asked for a log of ours is answered here, all
// else by the master.
func (h *hose) socket(w http.ResponseWriter, r *http.Request, master string) {
	client, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = client.CloseNow() }()
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	up, _, err := websocket.Dial(ctx, master, nil)
	if err != nil {
		return
	}
	defer func() { _ = up.CloseNow() }()
	up.SetReadLimit(1 << 24)
	go func() {
		defer stop()
		for {
			kind, data, err := up.Read(ctx)
			if err != nil || client.Write(ctx, kind, data) != nil {
				return
			}
		}
	}()
	ours := regexp.MustCompile(`"path":"logs/(9\d{8})/`)
	for {
		kind, data, err := client.Read(ctx)
		if err != nil {
			return
		}
		m := ours.FindSubmatch(data)
		if m == nil {
			if up.Write(ctx, kind, data) != nil {
				return
			}
			continue
		}
		var ask struct {
			ID int `json:"_id"` //nolint:tagliatelle // buildbot's word
		}
		_ = json.Unmarshal(data, &ask)
		_ = client.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"msg":"OK","code":200,"_id":%d}`, ask.ID))
		log, _ := strconv.Atoi(string(m[1]))
		go h.tell(ctx, client, log)
	}
}

// tell tells that a log grew, as the master does for each chunk.
func (h *hose) tell(ctx context.Context, client *websocket.Conn, log int) {
	tick := time.NewTicker(hoseChunk)
	defer tick.Stop()
	for h.grows {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		text, err := json.Marshal(map[string]any{"k": "logs/" + strconv.Itoa(log) + "/append", "m": h.row(log)})
		if err != nil || client.Write(ctx, websocket.MessageText, text) != nil {
			return
		}
	}
}

// run lets the log grow.
func (h *hose) run(b *testing.B) {
	b.Helper()
	h.grows = true
	stop := make(chan struct{})
	b.Cleanup(func() { close(stop) })
	go func() {
		tick := time.NewTicker(hoseChunk)
		defer tick.Stop()
		begin, before := time.Now(), h.lines.Load()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				h.lines.Store(before + int64(time.Since(begin).Seconds()*hoseRate))
			}
		}
	}()
}

// green is a build of the master that went well.
func (c benchCI) green(b *testing.B) int {
	b.Helper()
	for n := 99_000; n < 99_100; n++ {
		var answer struct {
			Builds []struct {
				Results *int `json:"results"`
			} `json:"builds"`
		}
		if c.get(b, "/api/v2/builds/"+strconv.Itoa(n), &answer); len(answer.Builds) == 1 && answer.Builds[0].Results != nil && *answer.Builds[0].Results == 0 {
			return n
		}
	}
	b.Fatal("no green build")
	return 0
}

func (c benchCI) get(b *testing.B, path string, into any) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, c.ends.Buildbot+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		b.Fatal(err)
	}
}

// evaluation is what an event says, where it is that of a new evaluation; its
// commit has to be asked for.
func (c benchCI) evaluation(b *testing.B, data []byte) (e evaluation, is bool) {
	b.Helper()
	var event struct {
		Key     string `json:"k"`
		Message struct {
			ID      int `json:"buildid"`
			Builder int `json:"builderid"`
		} `json:"m"`
	}
	if json.Unmarshal(data, &event) != nil || !strings.HasPrefix(event.Key, "builds/") || !strings.HasSuffix(event.Key, "/new") {
		return e, false
	}
	var answer struct {
		Builds []struct {
			Properties map[string][]any `json:"properties"`
		} `json:"builds"`
	}
	begin := time.Now()
	c.get(b, "/api/v2/builds/"+strconv.Itoa(event.Message.ID)+"?property=revision&property=buildername", &answer)
	e.get = time.Since(begin)
	if len(answer.Builds) != 1 || !strings.HasSuffix(fmt.Sprint(answer.Builds[0].Properties["buildername"]), "/nix-eval Builder]") {
		return e, false
	}
	const short = 7
	e.commit = fmt.Sprint(answer.Builds[0].Properties["revision"][0])[:short]
	return e, true
}

// logs measures a log of a gigabyte, and one that grows.
func (c benchCI) logs(b *testing.B) {
	b.Helper()
	build := strconv.Itoa(c.green(b))
	open := func(g *gauge, line string) time.Duration {
		g.types(":")
		g.sees("enter go")
		g.types(build)
		g.sees(build)
		time.Sleep(200 * time.Millisecond)
		begin := time.Now()
		g.types("\r")
		return g.sees(line).Sub(begin)
	}
	b.Run("Giant", func(b *testing.B) {
		h := &hose{}
		h.lines.Store(giantLines)
		g := c.console(b, "--set", "endpoints.buildbot="+h.serve(b, c.ends.Buildbot))
		g.sees(figures)
		g.settled()
		g.rested(b, "before-")
		var took []time.Duration
		for range openings {
			took = append(took, open(g, strconv.Itoa(giantLines-1)))
			time.Sleep(time.Second) // a page that has just come takes no keys
			g.types("\x1b")
			g.sees(figures)
			time.Sleep(100 * time.Millisecond)
		}
		report(b, "opens-", took, 50, 99)
		g.rested(b, "")
		b.ReportMetric(float64(h.read.Load())/openings/1e3, "kB-read")
		b.ReportMetric(float64(giantLines*len(h.text(0)))/1e9, "GB")
	})
	b.Run("Followed", func(b *testing.B) {
		h := &hose{}
		h.lines.Store(1000)
		h.run(b)
		g := c.console(b, "--set", "endpoints.buildbot="+h.serve(b, c.ends.Buildbot))
		g.sees(figures)
		g.settled()
		open(g, `\[ +\d+\] CC`)
		time.Sleep(2 * time.Second)
		g.rest(restTime)
		took, unseen := g.keys(stormKeys, "k", "k", "j", "f")
		report(b, "key-", took, 50, 99)
		b.ReportMetric(float64(unseen), "unseen")
		g.rested(b, "")
	})
}
