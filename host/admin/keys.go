package admin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// keys are the tokens, and what they allow.
type keys struct {
	token  string // that of the link
	made   bool   // it was not configured
	all    []key
	socket caller // whoever comes through a unix socket
}

// key is a token. It is compared by what was computed of it, which takes as long for any
// two.
type key struct {
	caller

	token  [sha256.Size]byte
	cookie [sha256.Size]byte
}

// caller is who makes a request, as far as that is known.
type caller struct {
	name   string
	grants []Grant
}

func (c caller) may(g Grant) bool { return slices.Contains(c.grants, g) }

func newKeys(o *Options) *keys {
	grants := func(given []Grant) []Grant {
		switch {
		case o.ReadOnly:
			return []Grant{Look}
		case len(given) == 0:
			return allGrants()
		default:
			return given
		}
	}
	k := &keys{token: string(o.Token), socket: caller{"unix socket", grants(o.Grants)}}
	if k.token == "" {
		k.token, k.made = rand.Text(), true
	}
	k.add(k.token, caller{"token", grants(o.Grants)})
	for name, u := range o.Users {
		k.add(string(u.Token), caller{name, grants(u.Grants)})
	}
	return k
}

func (k *keys) add(token string, c caller) {
	k.all = append(k.all, key{c, sha256.Sum256([]byte(token)), sha256.Sum256([]byte(cookieOf(token)))})
}

// cookieOf is the value of the cookie that a token is exchanged for: the token cannot be
// computed of it, and it ends with the token.
func cookieOf(token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	_, _ = mac.Write([]byte("cookie of fxhost admin"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// byToken and byCookie look at all keys, however early one fits.
func (k *keys) byToken(token string) (who caller, ok bool) {
	return k.find(token, func(k key) [sha256.Size]byte { return k.token })
}

func (k *keys) byCookie(value string) (who caller, ok bool) {
	return k.find(value, func(k key) [sha256.Size]byte { return k.cookie })
}

func (k *keys) find(given string, of func(key) [sha256.Size]byte) (who caller, ok bool) {
	sum := sha256.Sum256([]byte(given))
	for _, key := range k.all {
		want := of(key)
		if subtle.ConstantTimeCompare(sum[:], want[:]) == 1 {
			who, ok = key.caller, true
		}
	}
	return who, ok
}

// identify tells who makes a request.
func (k *keys) identify(r *http.Request) (who caller, ok bool) {
	if overSocket(r) {
		return k.socket, true
	}
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return k.byToken(strings.TrimSpace(token))
	}
	if cookie, err := r.Cookie(cookieName(r)); err == nil {
		return k.byCookie(cookie.Value)
	}
	return caller{}, false
}

// cookieName has scheme and port in it, because cookies do not know of ports: two programs
// on one machine would log each other's users out.
func cookieName(r *http.Request) string {
	scheme, port := "http", "80"
	if isHTTPS(r) {
		scheme, port = "https", "443"
	}
	if i := strings.LastIndexByte(r.Host, ':'); i >= 0 && isNumber(r.Host[i+1:]) {
		port = r.Host[i+1:]
	}
	return "fxhost-admin-" + scheme + "-" + port
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == "" && len(s) < 6
}

// isHTTPS tells whether the browser speaks HTTPS to a proxy. Who lies about it harms
// himself.
func isHTTPS(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

func setCookie(w http.ResponseWriter, r *http.Request, token string) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r), Value: cookieOf(token), Path: "/", HttpOnly: true, Secure: isHTTPS(r), SameSite: http.SameSiteStrictMode,
	})
}
