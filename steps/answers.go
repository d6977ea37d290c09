package steps

import (
	"errors"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// Answers are those that are there before anybody is asked, first hit wins:
// --set, the environment, the file of answers.
type Answers struct {
	Set    map[string]state.Secret
	Env    func(name string) (string, bool)
	Config state.Config // the file's, with --set and the environment in it
}

// Given finds the answer to a question, and refuses one that does not fit.
func (a Answers) Given(q state.Question) (state.Answer, error) {
	ans, found := a.find(q.Key)
	if !found || ans.Value.Empty() {
		return state.Answer{}, state.ErrNoAnswer
	}
	if q.Accept != nil {
		if err := q.Accept(ans); err != nil {
			return state.Answer{}, errors.Join(state.ErrNoAnswer, err)
		}
	}
	return ans, nil
}

func (a Answers) find(key string) (state.Answer, bool) {
	if v, ok := a.Set[key]; ok {
		return state.Answer{Value: v, From: "--set"}, true
	}
	if v, ok := a.Env(state.EnvName(key)); ok {
		return state.Answer{Value: state.NewSecret(strings.TrimSpace(v)), From: "the environment"}, true
	}
	v, ok := a.Config.Value(key)
	if !ok || v == "" || v == "0" || v == "false" {
		return state.Answer{}, false
	}
	return state.Answer{Value: state.NewSecret(v), From: state.ConfigName}, true
}
