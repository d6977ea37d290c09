package cloudflare

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nixwright/nixwright/state"
)

// How often it is looked whether a deleted token is still taken, and the pause
// between two looks.
const (
	retireLooks = 30
	retirePause = time.Second
)

// Retire deletes the token that the client asks with, and comes back when
// Cloudflare refuses it. account is the one that may own the token; empty: the
// accounts that it sees. It is a state.Problem where the token is still taken
// after half a minute, and the last look's error where none had an answer.
func (c *Client) Retire(ctx context.Context, account string, sleep func(context.Context, time.Duration) error) error {
	t, err := c.Token(ctx, account)
	if err != nil {
		return err
	}
	if err := c.Revoke(ctx, t); err != nil {
		return err
	}
	for range retireLooks {
		_, err = c.Token(ctx, account)
		if errors.Is(err, state.ErrUnauthorized) {
			return nil
		}
		if err := sleep(ctx, retirePause); err != nil {
			return fmt.Errorf("see that the deleted token is refused: %w", err)
		}
	}
	if err != nil {
		return fmt.Errorf("see that the deleted token is refused: %w", err)
	}
	return state.Problem{
		What: "the Cloudflare token was deleted and is still taken", Why: fmt.Sprintf("Cloudflare answered so for %s", retireLooks*retirePause),
		Fix: "see on the page that it is gone", URL: state.CloudflareTokensURL(c.at, t.Account),
	}
}
