package shape

import (
	"encoding/hex"
	"fmt"
	"io"

	"github.com/nixwright/nixwright/state"
)

// The characters of random texts.
const (
	letters  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	urlChars = letters + "-_"
)

// randomText draws length characters of an alphabet, each equally likely:
// bytes beyond the last whole multiple of the alphabet are drawn again.
func randomText(rand io.Reader, alphabet string, length int) (state.Secret, error) {
	limit := 256 - 256%len(alphabet)
	out, draw := make([]byte, 0, length), make([]byte, 1)
	for len(out) < length {
		if _, err := io.ReadFull(rand, draw); err != nil {
			return state.Secret{}, fmt.Errorf("draw random text: %w", err)
		}
		if int(draw[0]) < limit {
			out = append(out, alphabet[int(draw[0])%len(alphabet)])
		}
	}
	return state.NewSecret(string(out)), nil
}

func urlSafe(length int) func(io.Reader, state.Config) (state.Secret, error) {
	return func(rand io.Reader, _ state.Config) (state.Secret, error) {
		return randomText(rand, urlChars, length)
	}
}

func hexadecimal(length int) func(io.Reader, state.Config) (state.Secret, error) {
	return func(rand io.Reader, _ state.Config) (state.Secret, error) {
		b := make([]byte, length)
		if _, err := io.ReadFull(rand, b); err != nil {
			return state.Secret{}, fmt.Errorf("draw random bytes: %w", err)
		}
		return state.NewSecret(hex.EncodeToString(b)), nil
	}
}
