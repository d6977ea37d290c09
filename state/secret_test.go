package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestASecretIsNeverPrinted(t *testing.T) {
	const hush = "hush-hush"
	s := NewSecret(hush)
	wrapped := struct {
		Name string
		S    Secret
		P    *Secret
		M    map[string]Secret
		L    []Sealed
	}{"n", s, &s, map[string]Secret{"k": s}, []Sealed{{Name: "x", Value: s}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%t", "%10s", "%T%v"} {
		for _, v := range []any{s, &s, wrapped, &wrapped, []Secret{s}, map[string]any{"k": s}, fmt.Errorf("failed: %v", s)} {
			if got := fmt.Sprintf(verb, v, v); strings.Contains(got, hush) || strings.Contains(got, fmt.Sprintf("%x", hush)) {
				t.Errorf("%s of %T prints it: %s", verb, v, got)
			}
		}
	}
	b, err := json.Marshal(wrapped)
	if err != nil || strings.Contains(string(b), hush) || !strings.Contains(string(b), sealedMark) {
		t.Errorf("JSON: %s %v", b, err)
	}
	if b, err := json.Marshal(map[Secret]int{}); err != nil || strings.Contains(string(b), hush) {
		t.Errorf("JSON key: %s %v", b, err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s, "w", wrapped)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "s", s, "w", wrapped)
	if strings.Contains(log.String(), hush) {
		t.Errorf("slog: %s", log.String())
	}
	if s.Reveal() != hush || s.Empty() || !(Secret{}).Empty() || !s.Equal(NewSecret(hush)) || s.Equal(Secret{}) {
		t.Error("it is not kept")
	}
}

func TestFactsAreImmutable(t *testing.T) {
	a := One(FactPublicKey, "k")
	b := With(a, FactUser, GitHubUser{Login: "phlip9"})
	if a.Has(FactUser.Ref()) || !b.Has(FactPublicKey.Ref()) {
		t.Error("With changed what it was given")
	}
	if _, err := Get(a, FactUser); err == nil || !strings.Contains(err.Error(), "github.user") {
		t.Errorf("an unknown fact: %v", err)
	}
	c := b.Without(FactUser.Ref())
	if c.Has(FactUser.Ref()) || !b.Has(FactUser.Ref()) || !b.Same(a, FactPublicKey.Ref()) || b.Same(a, FactUser.Ref()) {
		t.Error("Without or Same")
	}
	if v, ok := Find(Facts{}.Merge(b), FactUser); !ok || v.Login != "phlip9" {
		t.Error("Merge")
	}
}

func TestExplain(t *testing.T) {
	for name, tc := range map[string]struct {
		err   error
		block bool
		fix   string
	}{
		"denied":  {&CallError{Service: "GitHub", Op: "set topics", Status: 403, Kind: ErrDenied, Needs: "administration=write"}, true, "administration=write"},
		"limited": {&CallError{Op: "x", Kind: ErrLimited}, false, "wait some minutes"},
		"service": {fmt.Errorf("look: %w", &CallError{Op: "x", Kind: ErrService}), false, "run this again"},
		"offline": {&CallError{Op: "x", Kind: ErrOffline}, false, "check the connection"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Explain(tc.err)
			_, blocks := errors.AsType[Problem](got)
			p := AsProblem(got)
			if blocks != tc.block || p.What == "" || p.Why == "" || !strings.Contains(p.Fix, tc.fix) {
				t.Errorf("blocks %v, %+v", blocks, p)
			}
			if again := Explain(got); AsProblem(again) != p {
				t.Errorf("explained twice: %+v", AsProblem(again))
			}
		})
	}
	plain := errors.New("something: else")
	if got := Explain(plain); !errors.Is(got, plain) || AsProblem(got).What != "something" {
		t.Errorf("got %v", got)
	}
	if s := (&CallError{Op: "x", Service: "y"}).Error(); s == "" {
		t.Error("an error without a kind")
	}
}

func FuzzCleanText(f *testing.F) {
	for _, s := range []string{"plain", "\x1b[31mred\x1b]52;c;x\x07", "a\u202eb\u200bc", "\xff\xfe", strings.Repeat("x", 300), "a\n\tb"} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		got := CleanText(s, limit)
		if strings.ContainsAny(got, "\x1b\n\r\t\x07\u202e\u200b\u0085\u009b") {
			t.Errorf("%q is left of %q", got, s)
		}
		if n := len([]rune(got)); limit > 0 && n > limit+1 {
			t.Errorf("%d runes, limit %d", n, limit)
		}
		if again := CleanText(got, 0); again != got {
			t.Errorf("cleaned twice: %q, then %q", got, again)
		}
	})
}
