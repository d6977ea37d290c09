package realtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// nginxFrame is around what a test says of its servers: nothing is written
// outside of the test's directory, and what the package's own configuration
// would include is not.
const nginxFrame = `daemon off;
%spid %[2]s/nginx.pid;
error_log stderr notice;
worker_processes 1;
events { worker_connections 512; }
http {
access_log off;
default_type application/octet-stream;
client_body_temp_path %[2]s/body;
proxy_temp_path %[2]s/proxy;
fastcgi_temp_path %[2]s/fastcgi;
uwsgi_temp_path %[2]s/uwsgi;
scgi_temp_path %[2]s/scgi;
%[3]s
}
`

// Nginx starts nginx (Debian's nginx-light) until the test ends; conf is what
// stands in its http block. Where it runs as root its worker does too, so that
// it can read the test's files.
func Nginx(t *testing.T, conf string) *Process {
	t.Helper()
	path, dir, user := Find(t, "nginx"), t.TempDir(), ""
	if os.Getuid() == 0 {
		user = "user root;\n"
	}
	file := File(t, filepath.Join(dir, "nginx.conf"), fmt.Sprintf(nginxFrame, user, dir, conf))
	p := Start(t, nil, path, "-p", dir, "-e", "stderr", "-c", file)
	p.Await(t, p.Says("start worker process "))
	return p
}

// Certificate makes a certificate for the names and 127.0.0.1 that signs
// itself. It returns the files of it and its key, and the pool that trusts it.
func Certificate(t *testing.T, names ...string) (cert, key string, trust *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "nixwright test"}, DNSNames: names,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	trust = x509.NewCertPool()
	trust.AddCert(made)
	dir := t.TempDir()
	cert = File(t, filepath.Join(dir, "fullchain.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})))
	key = File(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})))
	return cert, key, trust
}
