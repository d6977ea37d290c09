package fake

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/niks3"
	"github.com/nixwright/nixwright/state"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	w, l := livingWorld(t, Life{Seed: "faults", Rate: 60, Builders: 60, Builds: 100, Objects: 1000})
	steps(l, time.Minute)
	bb, n3 := buildbot.New(http.DefaultClient, w.Endpoints().Buildbot), niks3.New(http.DefaultClient, w.Endpoints().Niks3)
	fault := func(name string) {
		t.Helper()
		if err := l.Fault(name); err != nil {
			t.Fatal(err)
		}
	}
	builds := func() error { _, err := bb.Builds(t.Context(), buildbot.BuildQuery{Limit: 5}); return err }
	stats := func() error { _, _, err := n3.Stats(t.Context()); return err }
	if builds() != nil || stats() != nil {
		t.Fatal(builds(), stats())
	}
	if l.Fault("nosuch") == nil {
		t.Error("an unknown fault is no error")
	}

	fault(FaultNiks3)
	if stats() == nil || builds() != nil {
		t.Errorf("niks3 503: %v, %v", stats(), builds())
	}
	steps(l, FaultTime+time.Second)
	if err := stats(); err != nil {
		t.Errorf("niks3 is not there again: %v", err)
	}

	fault(FaultBuildbot)
	before := l.Truth()
	if builds() == nil {
		t.Error("buildbot is down and answers")
	}
	steps(l, FaultTime/2)
	if exit, out, _ := ssh(t, w, "omnara1.phlip9.com", "systemctl", "show", "-p", "ActiveState", "buildbot-master.service"); exit != 0 || !strings.Contains(out, "activating") {
		t.Errorf("its unit: %s", out)
	}
	if now := l.Truth(); len(now.Builds) != len(before.Builds) || now.Events != before.Events {
		t.Error("buildbot is down and builds")
	}
	l.Calm()
	steps(l, time.Minute)
	if now := l.Truth(); builds() != nil || len(now.Builds) == len(before.Builds) {
		t.Error("buildbot does not go on")
	}

	fault(FaultHang)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := bb.Builds(ctx, buildbot.BuildQuery{Limit: 1}); err == nil {
		t.Error("the request that hangs is answered")
	}
	if err := builds(); err != nil {
		t.Errorf("the next one: %v", err)
	}
	l.Calm()
}

func TestFaultsOfBuilds(t *testing.T) {
	t.Parallel()
	w, l := livingWorld(t, Life{Seed: "faults", Rate: 60, Builders: 60, Builds: 100, Objects: 1000})
	steps(l, time.Minute)
	bb := buildbot.New(http.DefaultClient, w.Endpoints().Buildbot)
	fault := func(name string) {
		t.Helper()
		if err := l.Fault(name); err != nil {
			t.Fatal(err)
		}
	}
	fault(FaultRequest)
	steps(l, time.Minute)
	queue, err := bb.Queue(t.Context())
	if err != nil || !slices.ContainsFunc(queue, func(r state.BuildRequest) bool { return l.Now().Sub(r.Submitted) >= time.Minute-time.Second }) {
		t.Errorf("stuck: %+v, %v", queue, err)
	}

	fault(FaultWorker)
	gone := func() (n int) {
		for name, here := range l.Truth().Workers {
			if !here && name != janitorName {
				n++
			}
		}
		return n
	}
	if gone() != 1 {
		t.Errorf("%d workers are gone", gone())
	}
	steps(l, FaultTime+time.Second)
	if gone() != 0 {
		t.Errorf("%d workers are still gone", gone())
	}

	fault(FaultNotPushed)
	steps(l, 3*time.Minute)
	dark := 0
	for _, b := range l.Truth().Builds {
		if b.Result == bbWarnings {
			dark++
			if b.Cached || !strings.HasPrefix(b.Words, "warnings ") {
				t.Errorf("%+v", b)
			}
		} else if b.Result == bbSuccess && b.Attr != "" && !b.Cached {
			t.Errorf("green and not cached: %+v", b)
		}
	}
	if dark < 3 {
		t.Errorf("%d are green and not uploaded", dark)
	}
}

func TestLifeOfTheCache(t *testing.T) {
	t.Parallel()
	w, l := livingWorld(t, Life{Seed: "cache", Rate: 60, Builders: 60, Builds: 1000, Objects: 8000})
	c := niks3.New(http.DefaultClient, w.Endpoints().Niks3)
	size := func() state.CacheStats {
		t.Helper()
		s, found, err := c.Stats(t.Context())
		if err != nil || !found {
			t.Fatal(found, err)
		}
		return s
	}
	begin := size()
	if begin.Objects != 8000 || begin.LogicalBytes == 0 {
		t.Errorf("it begins with %+v", begin)
	}
	steps(l, 2*time.Minute)
	grown := size()
	if grown.Objects <= begin.Objects || grown.LogicalBytes <= begin.LogicalBytes {
		t.Errorf("from %+v to %+v", begin, grown)
	}
	if m, _, err := c.Metrics(t.Context()); err != nil || m.Cache != grown {
		t.Errorf("metrics %+v, %v, want %+v", m.Cache, err, grown)
	}
	for _, b := range l.Truth().Builds {
		if b.Cached {
			signed(t, w, l, b.OutPath)
			break
		}
	}
	keys := map[string]bool{}
	all := l.page(nil, "", "")
	for len(all) > 0 {
		for _, o := range all {
			keys[o.Key] = true
		}
		after := all[min(len(all), s3Page)-1].Key
		for _, o := range all[min(len(all), s3Page):] {
			delete(keys, o.Key)
		}
		all = l.page(nil, "", after)
	}
	if len(keys) != int(grown.Objects) {
		t.Errorf("%d keys are listed, want %d", len(keys), grown.Objects)
	}
}

func TestLifeCollects(t *testing.T) {
	t.Parallel()
	w, l := livingWorld(t, Life{
		Seed: "cache", Rate: 60, Builders: 60, Builds: 1000, Objects: 8000, Clock: func() time.Time { return lifeBegin.Add(14*time.Hour + 58*time.Minute) },
	})
	c, token := niks3.New(http.DefaultClient, w.Endpoints().Niks3), state.NewSecret(strings.Repeat("t", 64))
	gc, started, err := c.StartGC(t.Context(), token, state.GCPolicy{OlderThan: "720h"})
	if err != nil || !started || gc.State != state.GCRunning {
		t.Fatal(gc, started, err)
	}
	if _, started, err = c.StartGC(t.Context(), token, state.GCPolicy{OlderThan: "1h"}); err != nil || started {
		t.Errorf("another policy: %v, %v", started, err)
	}
	var phases []string
	for range 400 {
		l.Step()
		if gc, err = c.GC(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if gc.Phase != "" && !slices.Contains(phases, gc.Phase) {
			phases = append(phases, gc.Phase)
		}
		if gc.State != state.GCRunning {
			break
		}
	}
	if gc.State != state.GCSucceeded || gc.Counts.Deletions == 0 || gc.Counts.Closures == 0 || gc.Finished.IsZero() ||
		!slices.Equal(phases, []string{"cleanup_pending_uploads", "cleanup_old_closures", "cleanup_orphan_objects"}) {
		t.Errorf("%+v by %v", gc, phases)
	}
	if m, _, err := c.Metrics(t.Context()); err != nil || m.GCSucceeded != 1 || m.GCDeletions != gc.Counts.Deletions || m.GCLast.IsZero() {
		t.Errorf("metrics %+v, %v", m, err)
	}
	steps(l, 2*time.Minute+time.Second)
	if gc, err := c.GC(t.Context(), token); err != nil || gc.Started.Hour() != 0 {
		t.Errorf("the timer's: %+v, %v", gc, err)
	}
	if exit, out, _ := ssh(t, w, "omnara1.phlip9.com", "df -P / && cat /proc/meminfo /proc/loadavg && systemctl show niks3-gc.timer"); exit != 0 ||
		!strings.Contains(out, "MemAvailable:") || !strings.Contains(out, "/dev/nvme0n1p2 1073741824 ") || !strings.Contains(out, "LastTriggerUSec=Tue 2026-11-24 00:00:00 UTC") {
		t.Errorf("host: %s", out)
	}
}

// signed reads a narinfo and its archive as Nix does.
func signed(t *testing.T, w *World, l *Living, path string) {
	t.Helper()
	hash := strings.TrimPrefix(path, "/nix/store/")[:32]
	o, found, err := w.object(l.bucket, hash+".narinfo")
	if err != nil || !found {
		t.Fatalf("%s has no narinfo: %v", path, err)
	}
	unzip, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer unzip.Close()
	text, err := unzip.DecodeAll(o.content, nil)
	if err != nil {
		t.Fatal(err)
	}
	field := map[string]string{}
	for line := range bytes.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), ": ")
		field[name] = value
	}
	nar, found, err := w.object(l.bucket, field["URL"])
	if err != nil || !found {
		t.Fatalf("%s has no archive: %v", field["URL"], err)
	}
	raw, err := unzip.DecodeAll(nar.content, nil)
	if err != nil || field["StorePath"] != path || field["NarSize"] != jsonText(len(raw)) || len(raw) != narBytes(l.textSize(l.pathOf(hash))) {
		t.Errorf("%s: %d bytes, %v, want %v", path, len(raw), err, field)
	}
	key, sig, _ := strings.Cut(field["Sig"], ":")
	public, ok := l.key.key.Public().(ed25519.PublicKey)
	fingerprint := "1;" + path + ";" + field["NarHash"] + ";" + field["NarSize"] + ";"
	if b, err := base64.StdEncoding.DecodeString(sig); err != nil || !ok || !ed25519.Verify(public, []byte(fingerprint), b) || key != "cache.phlip9.com-1" {
		t.Errorf("signature %q", field["Sig"])
	}
}

func jsonText(v any) string { return string(jsonOf(v)) }
