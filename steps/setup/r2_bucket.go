package setup

import (
	"context"
	"errors"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// r2Bucket is line 1: the bucket that holds the cache. Settings of a bucket
// that is there are never changed.
type r2Bucket struct{ Deps }

func (s r2Bucket) Info() steps.Info {
	return steps.Info{
		ID: "r2-bucket", Title: "R2 bucket", Phase: steps.PhaseBefore, Lines: []int{1},
		Does:  "create the bucket " + s.Config.Cache.R2.Bucket,
		Needs: []state.Ref{state.FactAccount.Ref()},
		Gives: []state.Ref{state.FactBucket.Ref()},
	}
}

// want is the bucket as the answers have it.
func (d Deps) wantBucket(account state.Account) state.Bucket {
	r2 := d.Config.Cache.R2
	return state.Bucket{
		Name: r2.Bucket, Account: account.ID, Location: r2.Location, Jurisdiction: r2.Jurisdiction, StorageClass: r2.StorageClass,
		Endpoint: state.R2Endpoint(account.ID, r2.Jurisdiction),
	}
}

func (s r2Bucket) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	account, err := state.Get(in, state.FactAccount)
	if err != nil {
		return steps.Finding{}, err
	}
	want := s.wantBucket(account)
	b, found, err := s.Buckets.Bucket(ctx, account.ID, want.Name, want.Jurisdiction)
	if err != nil {
		return steps.Finding{}, err
	}
	if !found {
		return steps.Finding{Status: steps.Missing, Changes: steps.Changes("create", "bucket "+place(want))}, nil
	}
	f := ready(place(b), state.One(state.FactBucket, b))
	if want.Location != "" && b.Location != "" && !strings.EqualFold(want.Location, b.Location) {
		f.Problems = []state.Problem{{
			Key: "cache.r2.location", What: b.Name + " is in " + strings.ToLower(b.Location) + ", not in " + want.Location,
			Why: "a bucket's location is chosen when it is made and cannot be changed", Fix: "set cache.r2.location to " + strings.ToLower(b.Location),
		}}
	}
	return f, nil
}

func place(b state.Bucket) string {
	if b.Location == "" {
		return b.Name
	}
	return b.Name + " in " + strings.ToLower(b.Location)
}

func (s r2Bucket) Apply(ctx context.Context, in state.Facts, _ steps.Finding, _ steps.Out) error {
	account, err := state.Get(in, state.FactAccount)
	if err != nil {
		return err
	}
	// Another reply that was lost may have made it: then it is there, as wanted.
	if err := s.Buckets.CreateBucket(ctx, s.wantBucket(account)); !errors.Is(err, state.ErrExists) {
		return err
	}
	return nil
}
