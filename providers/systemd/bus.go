package systemd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	sd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"

	"github.com/nixwright/nixwright/state"
)

// busLimit is how long an answer of the message bus or of systemd may take.
const busLimit = 10 * time.Second

// Bus asks the systemd of this machine over D-Bus; reading takes no rights.
type Bus struct {
	conn   *sd.Conn
	end    context.CancelFunc
	closed <-chan struct{} // when the message bus has gone
}

// OpenBus connects to a D-Bus address, to the system's own where it is empty;
// the connection ends with the context. No systemd there is state.ErrOffline.
func OpenBus(ctx context.Context, address string) (*Bus, error) {
	ctx, end := context.WithCancel(ctx)
	limit := time.AfterFunc(busLimit, end)
	b := &Bus{end: end}
	conn, err := sd.NewConnection(func() (*dbus.Conn, error) {
		var c *dbus.Conn
		var err error
		if address == "" {
			c, err = dbus.ConnectSystemBus(dbus.WithContext(ctx))
		} else {
			c, err = dbus.Connect(address, dbus.WithContext(ctx))
		}
		if err != nil {
			return nil, err
		}
		b.closed = c.Context().Done() // of the second, which carries the signals
		return c, nil
	})
	if !limit.Stop() {
		err = fmt.Errorf("no answer within %v", busLimit)
	}
	if err != nil {
		end()
		return nil, busError("connect to the message bus", err)
	}
	b.conn = conn
	return b, nil
}

// Close ends the connection.
func (b *Bus) Close() {
	b.conn.Close()
	b.end()
}

// Units reads units by their full names ("niks3.service"), in that order; one
// that is not there has Load not-found.
func (b *Bus) Units(ctx context.Context, names ...string) ([]state.Unit, error) {
	all := make([]state.Unit, 0, len(names))
	for _, name := range names {
		u, err := b.unit(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, u.Unit)
	}
	return all, nil
}

// Timer reads a timer by its full name ("niks3-gc.timer"), as Timer does of
// what systemctl prints.
func (b *Bus) Timer(ctx context.Context, name string) (state.Timer, error) {
	u, err := b.unit(ctx, name)
	if err != nil {
		return state.Timer{}, err
	}
	if !strings.HasSuffix(name, ".timer") {
		return state.Timer{}, fmt.Errorf("read timer %s: it is none", name)
	}
	return u.timer(), nil
}

// listen subscribes to changes; the answer gets something, one at most, when
// one of the units may have changed.
func (b *Bus) listen(ctx context.Context, names []string) (<-chan struct{}, error) {
	signals, lost := make(chan *sd.PropertiesUpdate, 64), make(chan error, 1)
	b.conn.SetPropertiesSubscriber(signals, lost)
	limit := time.AfterFunc(busLimit, b.end) // it takes no context
	err := b.conn.Subscribe()
	if !limit.Stop() {
		err = fmt.Errorf("no answer within %v", busLimit)
	}
	if err != nil {
		return nil, busError("watch units", err)
	}
	poke := make(chan struct{}, 1)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-b.closed:
				return
			case s := <-signals:
				if !slices.Contains(names, s.UnitName) {
					continue
				}
			case <-lost: //nolint:errcheck // it only says that there were more signals than were read
			}
			select {
			case poke <- struct{}{}:
			default:
			}
		}
	}()
	return poke, nil
}

// look reads units with their times, in the order asked for.
func (b *Bus) look(ctx context.Context, names []string) ([]seen, error) {
	all := make([]seen, 0, len(names))
	for _, name := range names {
		u, err := b.unit(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, u)
	}
	return all, nil
}

// properties are those of one interface of a unit.
type properties map[string]any

// unit reads a unit: what all have, and what its kind has (Service, Timer, ...).
func (b *Bus) unit(ctx context.Context, name string) (seen, error) {
	op := "read unit " + state.CleanText(name, 100)
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || dot == len(name)-1 {
		return seen{}, fmt.Errorf("%s: not a unit's full name", op)
	}
	kind := strings.ToUpper(name[dot+1:dot+2]) + name[dot+2:]
	ctx, cancel := context.WithTimeout(ctx, busLimit)
	defer cancel()
	common, err := b.conn.GetUnitPropertiesContext(ctx, name)
	if err != nil {
		return seen{}, busError(op, err)
	}
	typed, err := b.conn.GetUnitTypePropertiesContext(ctx, name, kind)
	if err != nil {
		return seen{}, busError(op, err)
	}
	of, own := properties(common), properties(typed)
	u := seen{Unit: state.Unit{
		Name: of.text("Id"), Load: of.text("LoadState"), Active: of.text("ActiveState"), Sub: of.text("SubState"), Result: own.text("Result"),
	}}
	if restarts, ok := own["NRestarts"].(uint32); ok {
		u.Restarts = int(restarts)
	}
	if u.Name == "" || u.Load == "" {
		return u, busError(op, errors.New("it has no Id or no LoadState"))
	}
	if u.since, err = of.time(sinceProperty(u.Unit)); err == nil && kind == "Timer" {
		if u.last, err = own.time("LastTriggerUSec"); err == nil {
			u.next, err = own.time("NextElapseUSecRealtime")
		}
	}
	if err != nil {
		return u, busError(op, err)
	}
	return u, nil
}

// text is a property of type s.
func (p properties) text(name string) string {
	s, _ := p[name].(string)
	return text(s)
}

// time is a property of type t: microseconds since 1970, where 0 and the
// greatest number mean none.
func (p properties) time(name string) (time.Time, error) {
	n, ok := p[name].(uint64)
	if !ok {
		return time.Time{}, fmt.Errorf("%s is %T, not a time", name, p[name])
	}
	return micro(n), nil
}

// busError is an error of the message bus or of systemd on it.
func busError(op string, err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", op, err)
	}
	kind := state.ErrOffline
	var said dbus.Error
	if errors.As(err, &said) && said.Name != "org.freedesktop.DBus.Error.ServiceUnknown" && said.Name != "org.freedesktop.DBus.Error.NoReply" {
		kind = state.ErrService
		if said.Name == "org.freedesktop.DBus.Error.AccessDenied" {
			kind = state.ErrDenied
		}
	}
	return &state.CallError{Service: "systemd", Op: op, Kind: kind, Text: state.CleanText(err.Error(), 300)}
}
