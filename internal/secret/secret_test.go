package secret_test

import (
	"slices"
	"testing"

	"github.com/fxhost/fxhost/internal/secret"
)

func TestWhatIsASecret(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		"Password", "Db:Pwd", "GITHUB_PAT", "gitHubPat", "Card:Pin", "PIN", "otpSeed", "Signature", "X-Signature", "Bearer", "SessionCookie",
		"Jwt", "JWTKey", "Url:sig", "TokenLifetime", "CONNECTIONSTRINGS:x", "apiKey", "Db:UserPass", "DSN",
	} {
		if !secret.Key(key) {
			t.Errorf("%s is none", key)
		}
	}
	for _, key := range []string{"Path", "Pattern", "Ping", "Spin", "Option", "Options:Design", "Interval", "KeyVault", "Compass:North", "PATH", "Signal", "Shipping"} {
		if secret.Key(key) {
			t.Errorf("%s is one", key)
		}
	}
	for _, value := range []string{
		"Server=h;Database=d;Password=x", "user=a pwd = b", "https://h/p?sv=1&sig=abc", "Bearer abc.def", "bearer x", "?token=abc", `{"apiKey": "x"}`,
		"postgres://u:p@h/d", "u:p@tcp(h)/d", "eyJhbGciOi.eyJzdWIi", "-----BEGIN RSA PRIVATE KEY-----", "AccountKey=abc==", "api-key: x", "Endpoint=sb://x;SharedAccessKey=y",
	} {
		if !secret.Value(value) {
			t.Errorf("%q is none", value)
		}
	}
	for _, value := range []string{"", "5s", "http://h:80/p?q=1", "a@b.example", "the bearer", "token", "password", "/etc/passwd", "a=b;c=d", "12:30", "basic"} {
		if secret.Value(value) {
			t.Errorf("%q is one", value)
		}
	}
}

type hidden string

type tree struct {
	Name    string
	Code    hidden
	Phrase  string `secret:"true"`
	Open    string `secret:"false"`
	Skipped string `json:"-" secret:"true"`
	Renamed string `json:"new,omitempty" secret:"true"`
	Below   struct{ Code *hidden }
	List    []struct{ Code hidden }
	Map     map[string]*tree
	embedded
	Codes []hidden
}

type embedded struct {
	Inner string `secret:"true"`
}

func TestDeclaredSecrets(t *testing.T) {
	t.Parallel()
	got := secret.Fields[tree](secret.JSONName, hidden(""))
	want := []string{"code", "phrase", "new", "below:code", "list:*:code", "inner", "codes:*"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
