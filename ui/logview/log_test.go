package logview

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

// lines is a source of as many lines as are wanted.
type lines struct {
	n      atomic.Int64
	done   bool
	line   func(n int) string
	most   int // that it gives at a time; 0: all
	asked  atomic.Int64
	failed atomic.Pointer[error]
}

func source(n int, line func(int) string) *lines {
	s := &lines{line: line, done: true}
	s.n.Store(int64(n))
	return s
}

func (s *lines) Size(context.Context) (Size, error) {
	if err := s.failed.Load(); err != nil {
		return Size{}, *err
	}
	return Size{Lines: int(s.n.Load()), Done: s.done}, nil
}

func (s *lines) Lines(ctx context.Context, from, n int) ([]string, error) {
	s.asked.Add(1)
	if err := s.failed.Load(); err != nil {
		return nil, *err
	}
	if s.most > 0 {
		n = min(n, s.most)
	}
	var out []string
	for i := from; i < min(from+n, int(s.n.Load())); i++ {
		out = append(out, s.line(i))
	}
	return out, ctx.Err()
}

// numbered is a line of 100 bytes.
func numbered(n int) string {
	return fmt.Sprintf("line %d %s", n+1, strings.Repeat("x", 88-len(fmt.Sprint(n))))
}

func TestLogReadsWhatIsMissing(t *testing.T) {
	ctx, s := t.Context(), source(5000, numbered)
	s.most = 100
	l := NewLog(s)
	if err := l.Open(ctx); err != nil {
		t.Fatal(err)
	}
	if size, first := l.Size(); size != (Size{5000, true}) || first != 0 {
		t.Errorf("%+v from %d", size, first)
	}
	if got, ok := l.Line(4999); !ok || !strings.HasPrefix(string(got), "line 5000 ") {
		t.Errorf("%q %v", got, ok)
	}
	if _, ok := l.Line(0); ok {
		t.Error("a line that was not read is there")
	}
	if err := l.Load(ctx, 250, 600); err != nil || !l.has(0, 600) || l.has(0, 769) {
		t.Errorf("%v; %v, %v", err, l.has(0, 600), l.has(0, 769))
	}
	before := s.asked.Load()
	if err := l.Load(ctx, 0, 600); err != nil || s.asked.Load() != before {
		t.Errorf("%v, it asked again", err)
	}
	for n := range 5000 {
		block, err := l.read(ctx, n, 3)
		if err != nil || !strings.HasPrefix(string(block[0]), fmt.Sprintf("line %d ", n+1)) {
			t.Fatalf("line %d: %q %v", n, block, err)
		}
	}
}

func TestLogGrows(t *testing.T) {
	ctx, s := t.Context(), source(300, numbered)
	s.done = false
	l := NewLog(s)
	if err := l.Open(ctx); err != nil {
		t.Fatal(err)
	}
	l.look()
	s.n.Store(310)
	if !l.Grow(Size{Lines: 310}) || l.Grow(Size{Lines: 310}) || l.Grow(Size{Lines: 305}) {
		t.Error("told wrongly")
	}
	if l.Grow(Size{Lines: 311}) {
		t.Error("told twice before a look")
	}
	l.look()
	before := s.asked.Load()
	if err := l.Load(ctx, 290, 310); err != nil || s.asked.Load() != before+1 || !l.has(256, 310) {
		t.Errorf("%v, asked %d times", err, s.asked.Load()-before)
	}
	if !l.Grow(Size{Done: true}) {
		t.Error("its end was not told")
	}
	if size, _ := l.Size(); size != (Size{311, true}) {
		t.Errorf("%+v", size)
	}
}

func TestLogIsAppended(t *testing.T) {
	l := NewLog(nil)
	if !l.Append([]byte("a\nb")) || l.Append([]byte("c")) {
		t.Error("told wrongly")
	}
	l.look()
	want := func(texts ...string) {
		t.Helper()
		size, _ := l.Size()
		if size.Lines != len(texts) {
			t.Fatalf("%d lines, want %q", size.Lines, texts)
		}
		for i, text := range texts {
			if got, _ := l.Line(i); string(got) != text {
				t.Errorf("line %d is %q, want %q", i, got, text)
			}
		}
	}
	want("a", "bc")
	l.Append([]byte("\r50 %"))
	want("a", "50 %")
	l.Append([]byte("\n\x1b[31mred"))
	want("a", "50 %", "\x1b[0;31mred\x1b[0m")
	l.Append([]byte("\n"))
	want("a", "50 %", "\x1b[0;31mred\x1b[0m")
	l.look()
	if !l.End() || l.Append([]byte("late")) {
		t.Error("told wrongly at the end")
	}
	want("a", "50 %", "\x1b[0;31mred\x1b[0m")
}

// TestMemoryIsBounded whatever is appended or read.
func TestMemoryIsBounded(t *testing.T) {
	l := NewLog(nil)
	chunk := []byte(strings.Repeat(numbered(1)+"\n", 1000))
	for range 300 { // 30 MB
		l.Append(chunk)
	}
	size, first := l.Size()
	if l.bytes > mostKept+1<<20 || first == 0 || size.Lines != 300_000 || first%pageLines != 0 {
		t.Errorf("%d bytes, lines %d to %d", l.bytes, first, size.Lines)
	}
	if _, ok := l.Line(first); !ok {
		t.Error("its first line is gone")
	}

	wide := source(1_000_000, func(int) string { return strings.Repeat("\u4e16\x1b[31mx\x1b[32m", 1000) })
	l = NewLog(wide)
	if err := l.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n := range 8 {
		if err := l.Load(t.Context(), n*1000, n*1000+100); err != nil || !l.has(n*1000, n*1000+100) {
			t.Fatal(err)
		}
	}
	total := 0
	for _, p := range l.pages {
		total += p.bytes
	}
	if l.bytes > mostKept+(mostBytes+100)*pageLines || total != l.bytes {
		t.Errorf("%d bytes, counted %d", total, l.bytes)
	}
}

func TestFind(t *testing.T) {
	s := source(50_000, numbered)
	s.most = 300
	l := NewLog(s)
	if err := l.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	is := func(text string) func(Line) bool {
		return func(l Line) bool { return strings.HasPrefix(string(l), text) }
	}
	for name, c := range map[string]struct {
		text        string
		at, end     int
		found, rest int
	}{
		"forwards":                 {"line 123 ", 0, 50_000, 122, 122},
		"not before":               {"line 123 ", 123, 10_000, -1, 10_000},
		"the first":                {"line 1", 5, 10_000, 9, 9},
		"a step is bounded":        {"line 49000 ", 0, 50_000, -1, 20_000},
		"backwards":                {"line 1", 8, -1, 0, 0},
		"backwards, the last":      {"line 4999", 49_999, -1, 49_998, 49_998},
		"backwards, not behind":    {"line 4999", 49_000, 45_000, 4999*10 - 1 - 990, 0},
		"backwards, bounded":       {"line 1 ", 49_999, -1, -1, 29_999},
		"backwards, down to":       {"line 1 ", 900, 0, -1, 0},
		"nothing to look at":       {"line 1 ", 7, 7, -1, 7},
		"the last one is included": {"line 50000 ", 49_990, 50_000, 49_999, 49_999},
	} {
		found, rest, err := l.find(t.Context(), is(c.text), c.at, c.end)
		if name == "backwards, not behind" {
			if found >= 0 && found > 49_000 || err != nil {
				t.Errorf("%s: %d", name, found)
			}
			continue
		}
		if err != nil || found != c.found || rest != c.rest {
			t.Errorf("%s: %d, rest %d, %v", name, found, rest, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := l.find(ctx, is("x"), 0, 50_000); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestOddSources: one that gives nothing, too much, or fails.
func TestOddSources(t *testing.T) {
	s := source(100, numbered)
	l := NewLog(s)
	down := errors.New("host is down")
	s.failed.Store(&down)
	if err := l.Open(t.Context()); !errors.Is(err, down) {
		t.Error(err)
	}
	s.failed.Store(nil)
	l.Grow(Size{Lines: 200})
	if err := l.Load(t.Context(), 0, 200); err == nil || !strings.Contains(err.Error(), "line 101") {
		t.Errorf("a source that ends early: %v", err)
	}
	if err := NewLog(much{}).Open(t.Context()); err != nil {
		t.Error(err)
	}
}

// much gives more lines than it is asked for.
type much struct{}

func (much) Size(context.Context) (Size, error) { return Size{Lines: 10}, nil }
func (much) Lines(context.Context, int, int) ([]string, error) {
	return make([]string, 10_000), nil
}

func TestFailing(t *testing.T) {
	for line, want := range map[string]bool{
		"error: attribute 'nvimPlugins' missing":                                           true,
		"\x1b[31;1merror:\x1b[0m build of '/nix/store/x.drv' failed":                       true,
		"error: builder for '/nix/store/x.drv' failed with exit code 1;":                   true,
		"       error: Cannot build '/nix/store/x.drv'.":                                   true,
		"nvim> error: linking failed":                                                      true,
		"nvim> src/main.c:3:1: error: expected ';'":                                        true,
		"error[E0425]: cannot find value `x`":                                              true,
		"thread 'main' panicked at src/main.rs:2:5:":                                       true,
		"make: *** [Makefile:3: all] Error 1":                                              true,
		"make: [Makefile:3: all] Error 1 (ignored)":                                        false,
		"FAILED tests/test_x.py::test_y - assert 1 == 2":                                   true,
		"--- FAIL: TestX (0.00s)":                                                          true,
		"fatal: repository 'https://x' not found":                                          true,
		"write: No space left on device":                                                   true,
		"command timed out: 1200 seconds without output running":                           true,
		"error: hash mismatch in fixed-output derivation '/nix/store/x.drv':":              true,
		"builder for '/nix/store/x.drv' failed with exit code 1":                           true,
		"warning: error: unable to download 'x': HTTP error 404":                           false,
		"error (ignored): error: SQLite database is busy":                                  false,
		"checking for error: no":                                                           false,
		"0 errors, 0 failures":                                                             false,
		"gcc -Werror -o error.o error.c":                                                   false,
		"building '/nix/store/x-error-0.1.drv'":                                            false,
		"test result: ok. 3 passed; 0 failed":                                              false,
		"warning: unable to download 'https://x/nix-cache-info': timed out; retrying in 1": false,
		"program finished with exit code 7":                                                true,
		"program finished with exit code 0":                                                false,
		"":                                                                                 false,
	} {
		if got := Failing(Clean(line)); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
	for _, p := range failures {
		if !hinted(p.text) && !strings.Contains(p.text, "] Error ") {
			t.Errorf("no hint leads to %q", p.text)
		}
	}
}

func TestQuery(t *testing.T) {
	for _, c := range []struct {
		query, line string
		want        []span
	}{
		{"error", "Error: an ERROR", []span{{0, 5}, {10, 15}}},
		{"Error", "error Error", []span{{6, 11}}},
		{"aa", "aaaa", []span{{0, 2}, {2, 4}}},
		{"é", "É é", []span{{0, 2}, {3, 5}}},
		{"ab", "\x1b[31ma\x1b[0mb", []span{{0, 2}}},
		{"31", "\x1b[31ma", nil},
		{"", "x", nil},
		{"long", "lon", nil},
	} {
		got := newQuery(c.query).all(Clean(c.line))
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%q in %q: %v", c.query, c.line, got)
		}
	}
}

// BenchmarkOpen opens 1 GB, ten million lines, at its end.
func BenchmarkOpen(b *testing.B) {
	s := source(10_000_000, numbered)
	for b.Loop() {
		if err := NewLog(s).Open(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFind looks through lines for one that is not there.
func BenchmarkFind(b *testing.B) {
	line := numbered(1)
	l := NewLog(source(10_000_000, func(int) string { return line }))
	if err := l.Open(b.Context()); err != nil {
		b.Fatal(err)
	}
	q := newQuery("nowhere")
	for name, match := range map[string]func(Line) bool{
		"failing": Failing,
		"search":  func(l Line) bool { _, ok := q.in(plain(l), 0); return ok },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(stepLines * len(line)))
			for b.Loop() {
				if _, _, err := l.find(b.Context(), match, 0, 10_000_000); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
