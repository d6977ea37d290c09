package guide

import (
	"context"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// questions asks what is nowhere: the tokens, and what nothing can be derived
// without. GitHub's token comes first, since the repositories are chosen from
// its list; Cloudflare's last, since nothing before it needs it.
func (j *journey) questions(ctx context.Context) (stage, error) {
	keys := j.missing(ctx)
	counted := len(keys) - count(keys, isToken)
	for i, number := 0, 1; i < len(keys); {
		key := keys[i]
		a := j.asking(key)
		a.First = i == 0 && j.Past != nil
		if !isToken(key) {
			a.N, a.Of = number, counted
		}
		c, err := j.Face.Ask(ctx, a)
		switch {
		case err != nil || c.Do == Quit:
			return nil, left(err)
		case c.Do == Back && i == 0:
			return j.welcome, nil
		case c.Do == Back:
			i--
			if !isToken(keys[i]) {
				number--
			}
			continue
		}
		if err := j.take(key, c.Value); err != nil {
			return nil, err
		}
		if more := j.follows(key, keys); more != "" { // a host that was named by its address
			keys = slices.Insert(keys, i+1, more)
			j.wanted = slices.Insert(j.wanted, slices.Index(j.wanted, key)+1, more)
			counted++
		}
		i++
		if !isToken(key) {
			number++
		}
	}
	if j.Past != nil {
		return j.look, nil
	}
	return j.review, nil
}

func isToken(key string) bool { return strings.HasSuffix(key, ".token") }

func count(keys []string, of func(string) bool) (n int) {
	for _, k := range keys {
		if of(k) {
			n++
		}
	}
	return n
}

// missing are the keys to ask, in order: also those that were asked on the way
// before somebody came back.
func (j *journey) missing(ctx context.Context) []string {
	if j.wanted == nil {
		for _, q := range state.Required(j.said) {
			j.wanted = append(j.wanted, q.Key)
		}
	}
	keys := slices.Clone(j.wanted)
	for _, token := range j.Desk.Lacks(ctx) {
		if token == "github.token" {
			keys = slices.Insert(keys, 0, token)
			continue
		}
		keys = append(keys, token)
	}
	return keys
}

// follows is the key that an answer makes necessary; empty: none.
func (j *journey) follows(key string, keys []string) string {
	if key != "host.ssh" {
		return ""
	}
	for _, q := range state.Required(j.said) {
		if !slices.Contains(keys, q.Key) {
			return q.Key
		}
	}
	return ""
}

// asking is the question of a key with what is known for it.
func (j *journey) asking(key string) Asking {
	if isToken(key) {
		a := Asking{Question: state.TokenQuestion(key, j.said.Endpoints), Open: j.Desk.Browse, Far: j.Desk.Far()}
		a.Question.Cost = tokenCost[key]
		a.Check = func(ctx context.Context, v state.Secret) error { return j.Desk.Check(ctx, key, v) }
		return a
	}
	q, _ := state.QuestionFor(key)
	q.Default, _ = j.said.Derive().Value(key)
	if q.Default == "" {
		q.Default = j.proposal(key)
	}
	a := Asking{Question: q}
	if key == "github.repos" {
		a.Repos = j.Desk.Repos
	}
	return a
}

// proposal is what the answer may well be.
func (j *journey) proposal(key string) string {
	switch {
	case j.Hints[key] != "":
		return j.Hints[key]
	case key == "ci.domain":
		return state.ProposeDomain(j.said.Host.SSH)
	case key == "host.ssh" && len(j.around.Hosts) == 1:
		return j.around.Hosts[0]
	}
	return ""
}

// take takes an answer.
func (j *journey) take(key string, v state.Secret) error {
	if !isToken(key) {
		j.asked++
		return j.said.SetAnswer(key, v)
	}
	j.Desk.Take(key, v)
	j.human = j.human.Plus(tokenCost[key])
	j.pasted = j.pasted || key == "cloudflare.token"
	return nil
}

// change asks one answer anew, and goes on at a stage with what follows from
// it.
func (j *journey) change(key string, then stage) stage {
	return func(ctx context.Context) (stage, error) {
		c, err := j.Face.Ask(ctx, j.asking(key))
		if err != nil || c.Do == Quit {
			return nil, left(err)
		}
		if c.Do == Next {
			if err := j.take(key, c.Value); err != nil {
				return nil, err
			}
			if err := j.saved(ctx); err != nil {
				return nil, err
			}
		}
		return then, nil
	}
}

// saved writes a change in a run that has begun, and makes its steps anew.
func (j *journey) saved(ctx context.Context) error {
	if len(j.report.Rows) == 0 {
		return nil // it was not begun: nothing is written before go
	}
	if err := j.Desk.Save(j.said); err != nil {
		return err
	}
	return j.open(ctx)
}
