package admin_test

import (
	"net/url"
	"strings"

	"github.com/fxhost/fxhost/host/hosttest"
)

type hosttestSettings = hosttest.Settings

func form(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return values
}

func containsHidden(text string) bool { return strings.Contains(text, "classified") }
