package buildbot

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// event makes an event of its key and message. Buildbot sends an event of a
// step under its own key and once more below its build
// ("builds/3/steps/7/new"): both get the same key, "steps/7/new". A message of
// a kind that is not shown, or that does not decode, leaves the key alone.
func event(key string, message []byte) state.BuildEvent {
	parts := strings.Split(key, "/")
	if len(parts) > 4 && (parts[0] == "builds" || parts[0] == "builders") {
		parts = parts[len(parts)-3:]
	}
	for i, p := range parts {
		parts[i] = line(p)
	}
	e := state.BuildEvent{Key: strings.Join(parts, "/")}
	switch parts[0] {
	case "builds":
		e.Build = decoded[wireBuild, state.Build](message)
	case "builders":
		e.Builder = decoded[wireBuilder, state.Builder](message)
	case "steps":
		e.Step = decoded[wireStep, state.BuildStep](message)
	case "logs":
		e.Log = decoded[wireLog, state.BuildLog](message)
	case "buildrequests":
		e.Request = decoded[wireRequest, state.BuildRequest](message)
	case "workers":
		e.Worker = decoded[wireWorker, state.BuildWorker](message)
	case "changes":
		e.Change = decoded[wireChange, state.BuildChange](message)
	}
	return e
}

func decoded[W interface {
	keyed
	valued[V]
}, V any](message []byte) *V {
	var w W
	if json.Unmarshal(message, &w) != nil || w.key() == 0 {
		return nil
	}
	v := w.value()
	return &v
}

// once lets an event through that is not the same as the one before it.
func once(emit func(state.BuildEvent)) func(state.BuildEvent) {
	var last state.BuildEvent
	return func(e state.BuildEvent) {
		if e.Key != last.Key || !reflect.DeepEqual(e, last) {
			last = e
			emit(e)
		}
	}
}
