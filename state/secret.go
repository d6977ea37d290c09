package state

import (
	"fmt"
	"io"
	"log/slog"
)

// sealedMark is what every way of printing a Secret prints.
const sealedMark = "[sealed]"

// Secret is a value that is never printed. Every format verb, JSON, text
// marshalling and slog show "[sealed]"; Reveal is the only exit and is used
// only in providers/ and state/shape.
type Secret struct{ v *string }

// NewSecret wraps a value on the line on which it is born.
func NewSecret(v string) Secret { return Secret{v: &v} }

// Reveal returns the value; the empty string where there is none.
func (s Secret) Reveal() string {
	if s.v == nil {
		return ""
	}
	return *s.v
}

// Empty says whether there is no value.
func (s Secret) Empty() bool { return s.v == nil || *s.v == "" }

// Equal compares two values without showing either.
func (s Secret) Equal(o Secret) bool { return s.Reveal() == o.Reveal() }

// String implements fmt.Stringer and never shows the value.
func (s Secret) String() string { return sealedMark }

// GoString implements fmt.GoStringer and never shows the value.
func (s Secret) GoString() string { return sealedMark }

// Format implements fmt.Formatter, so that no verb reaches the pointer.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, sealedMark) }

// MarshalText implements encoding.TextMarshaler and never shows the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(sealedMark), nil }

// MarshalJSON implements json.Marshaler and never shows the value.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + sealedMark + `"`), nil }

// LogValue implements slog.LogValuer and never shows the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(sealedMark) }

// SecretName is the key of a secret in the sops file.
type SecretName string

// Sealed is a secret with the name it is kept under.
type Sealed struct {
	Name  SecretName
	Value Secret
}
