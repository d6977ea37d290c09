package station

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
)

// Off is why builds cannot be restarted or stopped from here; empty: they can.
func (s *Station) Off() string {
	if s.o.Config.CI.Access == state.TwoLogins {
		return "here buildbot takes restarts only from a browser; fully-private allows them"
	}
	return ""
}

// Restart asks for the build again and returns the request's number.
func (s *Station) Restart(ctx context.Context, build int64) (request int64, err error) {
	err = s.signedIn(ctx, func(in buildbot.Session) (err error) {
		request, err = s.o.Builds.Rebuild(ctx, in, build)
		return err
	})
	return request, err
}

// Stop stops a build that runs.
func (s *Station) Stop(ctx context.Context, build int64) error {
	return s.signedIn(ctx, func(in buildbot.Session) error {
		return s.o.Builds.Stop(ctx, in, build, "stopped in nixwright")
	})
}

// signedIn does something as an admin, in the session that there is, or in a
// new one where that has ended.
func (s *Station) signedIn(ctx context.Context, do func(buildbot.Session) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.Off(); why != "" {
		return state.Problem{What: "not from here", Why: why, Fix: "do it in the browser: " + s.o.Web}
	}
	if s.session != (buildbot.Session{}) {
		if err := do(s.session); !errors.Is(err, state.ErrUnauthorized) && !errors.Is(err, state.ErrDenied) {
			return err
		}
	}
	password, found := s.o.Secret(ctx, shape.BasicAuthName)
	if !found {
		return state.Problem{
			What: "not from here", Why: "the password that buildbot shares with the proxy, " + string(shape.BasicAuthName) + ", cannot be opened here",
			Fix: "use the machine whose key opens the secrets, or be root on the host",
		}
	}
	if len(s.o.Config.CI.Admins) == 0 {
		return state.Problem{What: "not from here", Why: "ci.admins is empty: nobody may", Key: "ci.admins", Fix: "name an admin, render, deploy"}
	}
	in, err := s.o.Builds.Login(ctx, s.o.Config.CI.Admins[0], password)
	if err != nil {
		return err
	}
	s.session = in
	return do(in)
}

// policy is what a collection is asked for, as the timer of the set-up does.
func (s *Station) policy() state.GCPolicy {
	return state.GCPolicy{OlderThan: s.o.Config.GC.OlderThan}
}

// Collecting is what a collection would do.
func (s *Station) Collecting() string {
	text := "closures that were pushed more than " + s.o.Config.GC.OlderThan + " ago go, and what only they needed; pins stay"
	if snap := s.seen.Load(); snap != nil {
		if pins, known := snap.Pins.Get(); known && len(pins) > 0 {
			var names []string
			for _, p := range pins {
				names = append(names, p.Name)
			}
			text += " (" + strings.Join(names, ", ") + ")"
		}
	}
	return text + ". niks3 cannot say beforehand which they are."
}

// Collect begins a collection.
func (s *Station) Collect(ctx context.Context) (state.GCStatus, error) {
	token, found := s.o.Secret(ctx, shape.APITokenName)
	if !found {
		return state.GCStatus{}, state.Problem{
			What: "not from here", Why: "the token of niks3, " + string(shape.APITokenName) + ", cannot be opened here",
			Fix: "use the machine whose key opens the secrets, or be root on the host",
		}
	}
	now, started, err := s.o.Cache.StartGC(ctx, token, s.policy())
	s.Check()
	if err == nil && !started {
		err = state.Problem{What: "a collection is under way", Why: fmt.Sprintf("niks3 runs one at a time; this one began at %s", now.Started.Format("15:04:05")), Fix: "wait for it to end"}
	}
	return now, err
}
