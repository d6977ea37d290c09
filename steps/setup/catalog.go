// Package setup is the checklist: every step of setting up the CI, one file
// each, in the order in which the list is shown (catalog.go), and the small
// interfaces through which they see the world (deps.go).
//
// A step opens no connection and parses no foreign format. It says what it
// needs and gives, looks (Detect), and makes (Apply).
package setup

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// Catalog is the one list of all steps, in the order of the checklist; those
// that only some set-ups and commands have come last.
func Catalog(d Deps) []steps.Step {
	d.Web = strings.TrimSuffix(cmp.Or(d.Web, state.GitHubWeb), "/")
	list := []steps.Step{
		preflight{d},
		recipients{d},

		r2Bucket{d},
		r2Domain{d},
		r2Token{d},
		githubApp{d},
		githubInstall{d},
		login{d, buildbotLogin},
		login{d, proxyLogin},
		localSecrets{d},
		secretsFile{d},
		repoTopic{d},

		&nixInputs{Deps: d},
		nixModule{d},
		dns{d},
		&deploy{Deps: d},

		repoFlake{d},

		&checkWebhook{Deps: d},
		checkLogin{d},
		checkCache{d},
		checkGC{d},
	}
	return append(list, d.more()...)
}

// more are the steps that only some set-ups and commands have.
func (d Deps) more() []steps.Step {
	var list []steps.Step
	if d.Config.Console.CloudflareToken {
		list = append(list, consoleToken{d})
	}
	if len(d.furtherWorkers()) > 0 {
		list = append(list, workerSecrets{d})
	}
	if d.Added != "" {
		list = append(list, &firstBuild{Deps: d})
	}
	if d.Left != "" {
		list = append(list, leaveTopic{d}, leaveInstall{d}, leaveHooks{d})
	}
	return list
}

// together runs the calls at the same time and joins their errors in order.
func together(ctx context.Context, calls ...func(ctx context.Context) error) error {
	errs := make([]error, len(calls))
	var wg sync.WaitGroup
	for i, call := range calls {
		wg.Go(func() { errs[i] = call(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// each runs the call for every item at the same time; results keep the order.
func each[T, R any](ctx context.Context, items []T, call func(ctx context.Context, item T) (R, error)) ([]R, error) {
	out := make([]R, len(items))
	calls := make([]func(context.Context) error, len(items))
	for i, item := range items {
		calls[i] = func(ctx context.Context) (err error) {
			out[i], err = call(ctx, item)
			return err
		}
	}
	return out, together(ctx, calls...)
}

// ready is the finding of a step that needs nothing.
func ready(text string, facts state.Facts) steps.Finding {
	return steps.Finding{Status: steps.Ready, Text: text, Facts: facts}
}

// blocked is the finding of a step on which only a person can go on.
func blocked(problems ...state.Problem) steps.Finding {
	f := steps.Finding{Status: steps.Blocked, Problems: problems}
	if len(problems) > 0 {
		f.Text, f.Hint = problems[0].What, problems[0].Fix
	}
	return f
}
