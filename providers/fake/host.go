package fake

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"filippo.io/age"
)

// HostState is the pretend machine.
type HostState struct {
	Name    string            `json:"name"`
	Address string            `json:"address"`
	Seed    []byte            `json:"seed"`  // of its ed25519 host key
	Known   bool              `json:"known"` // ssh knows the host key already
	Down    bool              `json:"down,omitempty"`
	Threads int               `json:"threads"`
	Units   []hostUnit        `json:"units"`
	Files   map[string]string `json:"files"`
	Secrets map[string]string `json:"secrets"` // what sops-nix put into /run/secrets

	// Trouble are units that do not come up as they should, by full name.
	Trouble map[string]Trouble `json:"trouble,omitempty"`
	// Older has every deployment bring the state of another commit.
	Older bool `json:"older,omitempty"`

	disk lifeDisk  // of a living world; zero: of one that rests
	now  time.Time // by the world's clock
}

// hostUnit is a systemd unit, a timer where Timer is set.
type hostUnit struct {
	Name   string    `json:"name"`
	Active string    `json:"active"`
	Sub    string    `json:"sub"`
	Result string    `json:"result"`
	Timer  bool      `json:"timer,omitempty"`
	Last   time.Time `json:"last,omitzero"`
	Next   time.Time `json:"next,omitzero"`

	Since    time.Time `json:"since,omitzero"` // as it is; zero: since the host has started
	Restarts int       `json:"restarts,omitempty"`
	Log      string    `json:"log,omitempty"` // what journalctl -o cat prints of it
}

// hostBoot is when the pretend machine has started.
var hostBoot = time.Date(2026, 11, 11, 8, 0, 0, 0, time.UTC)

const (
	hostKeyFile = "/etc/ssh/ssh_host_ed25519_key.pub"
	appliedFile = "/etc/nixwright/applied.json"
)

// newHost is a machine on which nothing of ours runs.
func newHost(seed, name, address string) HostState {
	sum := sha256.Sum256([]byte(seed + "/host key of " + name))
	h := HostState{Name: name, Address: address, Seed: sum[:], Known: true, Threads: 12, Files: map[string]string{}}
	h.Files[hostKeyFile] = h.publicKey() + "\n"
	h.Files["/etc/os-release"] = "NAME=NixOS\nID=nixos\n"
	h.Files["/proc/meminfo"] = "MemTotal:       65745920 kB\nMemAvailable:   51200000 kB\n"
	h.Files["/proc/stat"] = fmt.Sprintf("cpu  1 2 3\nbtime %d\n", hostBoot.Unix())
	h.Files["/proc/sys/kernel/hostname"] = name + "\n"
	return h
}

// publicKey is the host key's line as ssh writes it (RFC 4253, 6.6; RFC 8709).
func (h *HostState) publicKey() string {
	pub, ok := ed25519.NewKeyFromSeed(h.Seed).Public().(ed25519.PublicKey)
	if !ok {
		return ""
	}
	const kind = "ssh-ed25519"
	var blob []byte
	for _, part := range [][]byte{[]byte(kind), pub} {
		blob = binary.BigEndian.AppendUint32(blob, uint32(len(part))) //nolint:gosec // a few bytes
		blob = append(blob, part...)
	}
	return kind + " " + base64.StdEncoding.EncodeToString(blob) + " root@" + h.Name
}

// identity is the age identity that sops-nix makes of the host key: the first
// half of SHA-512 of its seed (ssh-to-age).
func (h *HostState) identity() string {
	sum := sha512.Sum512(h.Seed)
	return ageIdentity(sum[:32])
}

// ageRecipient is the public half of an age identity.
func ageRecipient(identity string) (string, error) {
	i, err := age.ParseX25519Identity(identity)
	if err != nil {
		return "", fmt.Errorf("parse identity: %w", err)
	}
	return i.Recipient().String(), nil
}

// ageIdentity writes 32 bytes as age does (C2SP age.md: Bech32 with the prefix
// "AGE-SECRET-KEY-", in capitals).
func ageIdentity(raw []byte) string {
	const prefix, alphabet = "age-secret-key-", "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	var values []byte
	acc, bits := 0, 0
	for _, b := range raw {
		acc, bits = acc<<8|int(b), bits+8
		for ; bits >= 5; bits -= 5 {
			values = append(values, byte(acc>>(bits-5)&31))
		}
	}
	if bits > 0 {
		values = append(values, byte(acc<<(5-bits)&31))
	}
	check := make([]byte, 0, 2*len(prefix)+1)
	for _, c := range []byte(prefix) {
		check = append(check, c>>5)
	}
	check = append(check, 0)
	for _, c := range []byte(prefix) {
		check = append(check, c&31)
	}
	sum := bech32Sum(append(append(check, values...), 0, 0, 0, 0, 0, 0)) ^ 1
	for i := range 6 {
		values = append(values, byte(sum>>(5*(5-i))&31))
	}
	var out strings.Builder
	out.WriteString(prefix + "1")
	for _, v := range values {
		out.WriteByte(alphabet[v])
	}
	return strings.ToUpper(out.String())
}

// bech32Sum is the checksum of BIP 173.
func bech32Sum(values []byte) uint32 {
	gen := [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3}
	sum := uint32(1)
	for _, v := range values {
		top := sum >> 25
		sum = (sum&0x1ffffff)<<5 ^ uint32(v)
		for i := range gen {
			if top>>i&1 == 1 {
				sum ^= gen[i]
			}
		}
	}
	return sum
}

// setUnit sets a unit, which is there from then on.
func (h *HostState) setUnit(u hostUnit) {
	if have := find(h.Units, func(o *hostUnit) bool { return o.Name == u.Name }); have != nil {
		*have = u
		return
	}
	h.Units = append(h.Units, u)
}

// serviceUnits are those that run all the time.
var serviceUnits = []string{"buildbot-master", "buildbot-worker", "niks3", "oauth2-proxy", "nginx", "postgresql"}

// unitsUp starts all units; failed ones by name stay failed. The garbage
// collection has never run; its timer's next run is the coming midnight.
func (h *HostState) unitsUp(now time.Time, failed ...string) {
	for _, n := range serviceUnits {
		h.setUnit(hostUnit{Name: n + ".service", Active: "active", Sub: "running", Result: "success"})
	}
	h.setUnit(hostUnit{Name: "niks3-gc.service", Active: "inactive", Sub: "dead", Result: "success"})
	timer := hostUnit{Name: "niks3-gc.timer", Active: "active", Sub: "waiting", Result: "success", Timer: true}
	if have := find(h.Units, func(o *hostUnit) bool { return o.Name == timer.Name }); have != nil {
		timer.Last = have.Last
	}
	timer.Next = now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	h.setUnit(timer)
	for _, n := range failed {
		h.setUnit(hostUnit{Name: n + ".service", Active: "failed", Sub: "failed", Result: "exit-code", Log: failedLog(n)})
	}
	h.begin()
}

func (h *HostState) up(unit string) bool {
	u := find(h.Units, func(o *hostUnit) bool { return o.Name == unit+".service" })
	return u != nil && u.Active == "active"
}
