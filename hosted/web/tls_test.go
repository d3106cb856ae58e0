package web_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/web"
)

// writeCertificate puts a certificate for 127.0.0.1 with this serial number, and its
// key, in place of what is in the folder.
func writeCertificate(t *testing.T, folder string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, filepath.Join(folder, "tls.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	replace(t, filepath.Join(folder, "tls.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

// replace puts a new file in the place of another, as tools do.
func replace(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// serial is the number of the certificate that a server shows.
func serial(t *testing.T, url string) int64 {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // its number is what counts
	c, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "https://"))
	if err != nil {
		t.Error(err)
		return 0
	}
	defer c.Close()
	return c.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func secure(folder string) settings {
	return settings{
		"Urls": "https://127.0.0.1:0", "Certificate:Path": filepath.Join(folder, "tls.crt"), "Certificate:KeyPath": filepath.Join(folder, "tls.key"),
	}
}

func TestTLSHasBothProtocols(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	writeCertificate(t, folder, 1)
	a := start(t, hosted.Options{}, secure(folder), func() http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Protocol", r.Proto)
			ok(w, r)
		})
	})
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, Protocols: &http.Protocols{}} //nolint:gosec // a certificate of our own
		transport.Protocols.SetHTTP1(protocol == "HTTP/1.1")
		transport.Protocols.SetHTTP2(protocol == "HTTP/2.0")
		response, text, err := post(t.Context(), &http.Client{Transport: transport}, a.server.URLs()[0], "hello")
		if err != nil || text != "hello" || response.Header.Get("Protocol") != protocol {
			t.Errorf("%s: %q, %v", protocol, text, err)
		}
		transport.CloseIdleConnections()
	}
}

func TestACertificateIsTakenOverWhenItChanges(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	writeCertificate(t, folder, 1)
	a := start(t, hosted.Options{}, secure(folder), handle(ok))
	url := a.server.URLs()[0]
	want := func(number int64) {
		t.Helper()
		for range 3 {
			if got := serial(t, url); got != number {
				t.Errorf("certificate %d, want %d", got, number)
			}
		}
	}
	want(1)
	writeCertificate(t, folder, 2)
	want(2)
	for _, rubbish := range []string{"rubbish", ""} {
		replace(t, filepath.Join(folder, "tls.crt"), []byte(rubbish))
		want(2)
	}
	if err := os.Remove(filepath.Join(folder, "tls.key")); err != nil {
		t.Fatal(err)
	}
	want(2)
	if errs := a.logs.FilterMessage("certificate not replaced").All(); len(errs) != 3 {
		t.Errorf("%d errors, want one for each change: %v", len(errs), errs)
	}
	writeCertificate(t, folder, 3)
	want(3)
	if n := a.logs.FilterMessage("certificate replaced").Len(); n != 2 {
		t.Errorf("replaced %d times", n)
	}
}

func TestACertificateThatIsMissingFailsTheStart(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, c := range map[string]struct {
		settings settings
		want     string
	}{
		"not set": {settings{"Urls": "https://127.0.0.1:0"}, "config: Servers:public:Certificate:Path: https://127.0.0.1:0 needs a certificate: write the path of a PEM file"},
		"no file": {secure(folder), "config: Servers:public:Certificate: open " + filepath.Join(folder, "tls.crt") + ": "},
		"no PEM":  {settings{"Urls": "https://127.0.0.1:0", "Certificate:Path": "tls_test.go"}, "config: Servers:public:Certificate: use tls_test.go: tls: failed to find any PEM data"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := build(t, hosted.Options{}, c.settings, handle(ok))
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Start(t.Context()); err == nil || !strings.HasPrefix(err.Error(), `host: start service "web.public": `+c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestServersWithOneConfigHaveTheirOwnCertificates(t *testing.T) {
	t.Parallel()
	shared := &tls.Config{MinVersion: tls.VersionTLS13}
	share := web.Configure(func(s *http.Server) { s.TLSConfig = shared })
	folder, other := t.TempDir(), t.TempDir()
	writeCertificate(t, folder, 1)
	writeCertificate(t, other, 2)
	var first, second *web.Server
	start(t, hosted.Options{}, nil, handle(ok),
		web.AddServer("first", handle(ok), share, web.Defaults(func(s *web.Settings) {
			s.Urls, s.Certificate.Path, s.Certificate.KeyPath = web.Urls{"https://127.0.0.1:0"}, filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")
		})),
		web.AddServer("second", handle(ok), share, web.Defaults(func(s *web.Settings) {
			s.Urls, s.Certificate.Path, s.Certificate.KeyPath = web.Urls{"https://127.0.0.1:0"}, filepath.Join(other, "tls.crt"), filepath.Join(other, "tls.key")
		})),
		fx.Populate(fx.Annotate(&first, fx.ParamTags(`name:"first"`)), fx.Annotate(&second, fx.ParamTags(`name:"second"`))))
	if a, b := serial(t, first.URLs()[0]), serial(t, second.URLs()[0]); a != 1 || b != 2 {
		t.Errorf("the first shows %d, the second %d", a, b)
	}
	if shared.GetCertificate != nil {
		t.Error("the config of the program has changed")
	}
}
