package fake

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

// The faults of a living world. Those that last do so for FaultTime of its
// time, or until Calm.
const (
	FaultDrop      = "drop"           // every WebSocket and SSE connection is cut, once
	FaultNiks3     = "niks3 503"      // niks3 answers 503
	FaultBuildbot  = "buildbot down"  // nobody answers for buildbot, and nothing happens there
	FaultSlow      = "slow"           // buildbot and niks3 take two seconds for each answer
	FaultHang      = "hang"           // the next request to buildbot is not answered while it lasts
	FaultRequest   = "stuck request"  // a build request that no worker ever takes
	FaultWorker    = "worker gone"    // a worker goes, and its build is tried again elsewhere
	FaultNotPushed = "not uploaded"   // the next three builds are green and not uploaded
	FaultTime      = 20 * time.Second // of the world's life
)

// faults are those that last, and until when.
type faults struct {
	until  map[string]time.Time
	healed chan struct{} // closed when the one that hangs is over
	hung   bool
}

// Fault makes something go wrong now; a name that is not a fault's is an error.
func (l *Living) Fault(name string) error {
	m := l.m
	m.mu.Lock()
	defer m.mu.Unlock()
	switch name {
	case FaultDrop:
		m.cut()
	case FaultRequest:
		for _, kinds := range l.kinds {
			if b, ok := m.tables["builders"].at(kinds["run-effect"]).(*bbBuilder); ok {
				m.request(b, bbOrder{})
				break
			}
		}
	case FaultWorker:
		l.lose()
	case FaultNotPushed:
		l.missing = 3
	case FaultNiks3, FaultBuildbot, FaultSlow, FaultHang:
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.fault.until == nil {
			l.fault.until = map[string]time.Time{}
		}
		l.fault.until[name], l.fault.hung = l.now.Add(FaultTime), false
		if name == FaultBuildbot {
			m.cut()
		}
	default:
		return fmt.Errorf("fault %q: there is none of that name", name)
	}
	return nil
}

// Calm ends all faults that last.
func (l *Living) Calm() {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault.until = nil
	l.release()
}

// release lets the request go that hangs. Call it with the lock held.
func (l *Living) release() {
	close(l.fault.healed)
	l.fault.healed = make(chan struct{})
}

// heal ends the faults whose time is over; down: the master is not there.
func (l *Living) heal(now time.Time) (down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, until := range l.fault.until {
		if !now.Before(until) {
			delete(l.fault.until, name)
			if name == FaultHang {
				l.release()
			}
		}
	}
	_, down = l.fault.until[FaultBuildbot]
	return down
}

// cut ends the connections of all listeners. Call it with the lock held.
func (m *master) cut() {
	for l := range m.listeners {
		delete(m.listeners, l)
		close(l.gone)
	}
}

// meddle does what the faults of a unit do to a request; done: it has its
// answer, or will never have one.
func (l *Living) meddle(unit string, rw http.ResponseWriter, r *http.Request) (done bool) {
	l.mu.Lock()
	_, down := l.fault.until[FaultBuildbot]
	_, sick := l.fault.until[FaultNiks3]
	_, slow := l.fault.until[FaultSlow]
	_, hang := l.fault.until[FaultHang]
	healed := l.fault.healed
	buildbot := unit == "buildbot-master"
	if hang = hang && buildbot && !l.fault.hung; hang {
		l.fault.hung = true
	}
	l.mu.Unlock()
	switch {
	case down && buildbot:
		if c, _, err := http.NewResponseController(rw).Hijack(); err == nil {
			_ = c.Close()
		}
		return true
	case sick && unit == "niks3":
		http.Error(rw, "503 Service Unavailable", http.StatusServiceUnavailable)
		return true
	case hang:
		select {
		case <-healed:
		case <-r.Context().Done():
			return true
		}
	case slow:
		timer := time.NewTimer(2 * time.Second)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-healed:
		case <-r.Context().Done():
			return true
		}
	}
	return false
}

// lose takes the busiest worker away; its builds are tried again, and it comes
// back after a while.
func (l *Living) lose() {
	m := l.m
	var gone *bbWorker
	for _, id := range sortedKeys(l.plays) {
		if w, ok := m.tables["workers"].at(l.plays[id].b.Worker).(*bbWorker); ok && gone == nil && l.plays[id].j.attr >= 0 {
			gone = w
		}
	}
	for _, w := range l.workers {
		if gone == nil && len(w.Connected) > 0 {
			gone = w
		}
	}
	if gone == nil {
		return
	}
	gone.Connected = []bbConnected{}
	m.put("disconnected", gone)
	for _, id := range sortedKeys(l.plays) {
		if p := l.plays[id]; p != nil && p.b.Worker == gone.ID {
			p.stop(bbRetry)
		}
	}
	m.claimAll()
	l.after(FaultTime, func() {
		gone.Connected = []bbConnected{{1}}
		m.put("connected", gone)
		m.put("state_updated", gone)
		m.claimAll()
	})
}

// restless has a worker drop now and then.
func (l *Living) restless() {
	l.after(5*time.Minute+time.Duration(l.next(600))*time.Second, l.restless)
	l.lose()
}

// withURL is a narinfo with another URL; the signature is not of that.
func withURL(text []byte, url string) []byte {
	lines := bytes.Split(text, []byte("\n"))
	for i, line := range lines {
		if bytes.HasPrefix(line, []byte("URL: ")) {
			lines[i] = []byte("URL: " + url)
		}
	}
	return bytes.Join(lines, []byte("\n"))
}
