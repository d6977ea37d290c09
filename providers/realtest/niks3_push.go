package realtest

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Push pushes store paths with niks3's own client, which asks Nix for them, and
// returns what it said.
func (n *Niks3) Push(t *testing.T, storePaths ...string) string {
	t.Helper()
	args := append([]string{"push", "--server-url", n.Base, "--auth-token-path", n.tokenFile(t)}, storePaths...)
	out, err := exec.CommandContext(t.Context(), Find(t, "niks3"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("niks3 push: %v\n%s", err, out)
	}
	return string(out)
}

// PushText pushes a store path that is one text file, without Nix, as niks3's
// client does it over HTTP (niks3 server/uploads.go): what is to come, the
// archive, the signature, the narinfo, the end. Every path is a new one; a text
// that a collection has marked takes niks3 half a minute. It returns
// "/nix/store/HASH-name".
func (n *Niks3) PushText(t *testing.T, name, text string) string {
	t.Helper()
	var random [20]byte
	_, _ = rand.Read(random[:])
	hash := nixBase32(random[:])
	path := "/nix/store/" + hash + "-" + name
	archive := archiveOf(text)
	sum := sha256.Sum256(archive)
	narHash, narKey := "sha256:"+nixBase32(sum[:]), "nar/"+nixBase32(sum[:])+".nar.zst"
	infoKey := hash + ".narinfo"
	var pending struct {
		ID      string `json:"id"`
		Objects map[string]struct {
			URL string `json:"presigned_url"`
		} `json:"pending_objects"`
	}
	n.post(t, "/api/pending_closures", map[string]any{
		"closure": infoKey,
		"objects": []map[string]any{
			{"key": infoKey, "type": "narinfo", "refs": []string{narKey}},
			{"key": narKey, "type": "nar", "refs": []string{}, "nar_size": len(archive)},
		},
	}, &pending)
	put(t, pending.Objects[narKey].URL, "application/octet-stream", "", packed(t, archive))
	var signed struct {
		Signatures map[string][]string `json:"signatures"`
	}
	n.post(t, "/api/pending_closures/"+pending.ID+"/sign", map[string]any{"narinfos": map[string]any{infoKey: map[string]any{
		"store_path": path, "url": narKey, "compression": "zstd", "nar_hash": narHash, "nar_size": len(archive), "references": []string{},
	}}}, &signed)
	info := fmt.Sprintf("StorePath: %s\nURL: %s\nCompression: zstd\nNarHash: %s\nNarSize: %d\nReferences: \nSig: %s\n",
		path, narKey, narHash, len(archive), strings.Join(signed.Signatures[infoKey], "\nSig: "))
	put(t, pending.Objects[infoKey].URL, "text/x-nix-narinfo", "zstd", packed(t, []byte(info)))
	n.post(t, "/api/pending_closures/"+pending.ID+"/complete", nil, nil)
	return path
}

// post asks niks3 with the token; into nil wants an answer without a body.
func (n *Niks3) post(t *testing.T, path string, body, into any) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.Base+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(n.Token.Reveal()))
	answer := send(t, req)
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			t.Fatalf("%s: %v: %s", path, err, answer)
		}
	}
}

// put uploads an object to an address that niks3 signed.
func put(t *testing.T, url, kind, encoding string, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	send(t, req)
}

func send(t *testing.T, req *http.Request) []byte {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s %s %v", req.Method, req.URL.Path, resp.Status, answer, err)
	}
	return answer
}

// packed is the text in zstd.
func packed(t *testing.T, text []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(text, nil)
}

// archiveOf is the archive of one file (Nix manual, "Nix Archive (NAR) format").
func archiveOf(text string) []byte {
	var out []byte
	for _, s := range []string{"nix-archive-1", "(", "type", "regular", "contents", text, ")"} {
		out = binary.LittleEndian.AppendUint64(out, uint64(len(s)))
		out = append(out, s...)
		out = append(out, make([]byte, (8-len(s)%8)%8)...)
	}
	return out
}

// nixBase32 is Nix's own: five bits a character from the last, without e, o, t, u.
func nixBase32(raw []byte) string {
	const alphabet = "0123456789abcdfghijklmnpqrsvwxyz"
	var out []byte
	for bit := 0; bit < len(raw)*8; bit += 5 {
		v := uint(raw[bit/8]) >> (bit % 8)
		if bit/8+1 < len(raw) {
			v |= uint(raw[bit/8+1]) << (8 - bit%8)
		}
		out = append(out, alphabet[v&31])
	}
	slices.Reverse(out)
	return string(out)
}
