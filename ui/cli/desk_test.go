package cli

import (
	"context"
	"errors"
	"testing"

	"github.com/nixwright/nixwright/state"
)

// An answer is for the question that takes it, whichever asks first.
func TestAHandGivesToTheQuestionThatTakesIt(t *testing.T) {
	t.Parallel()
	only := func(want string) state.Question {
		return state.Question{Key: "github.app_return", Accept: func(a state.Answer) error {
			if a.Value.Equal(state.NewSecret(want)) {
				return nil
			}
			return errors.New("another's")
		}}
	}
	h := &hand{}
	h.give("github.app_return", state.NewSecret("rubbish"))
	h.give("github.app_return", state.NewSecret("second"))
	first := make(chan error, 1)
	go func() {
		_, err := h.read(t.Context(), only("first"))
		first <- err
	}()
	if v, err := h.read(t.Context(), only("second")); err != nil || !v.Equal(state.NewSecret("second")) {
		t.Errorf("the second question got %v", err)
	}
	h.give("github.app_return", state.NewSecret("first"))
	if err := <-first; err != nil {
		t.Error(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.read(gone, only("second")); !errors.Is(err, context.Canceled) {
		t.Errorf("an answer was taken twice: %v", err)
	}
	for range 3 * maxGiven {
		h.give("x", state.NewSecret("y"))
	}
	if all, _ := h.look("x"); len(all) != maxGiven {
		t.Errorf("%d are kept", len(all))
	}
}
