package spelling_test

import (
	"testing"

	"github.com/fxhost/fxhost/internal/spelling"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"Interval", "Timeout", "Host"}
	for name, want := range map[string]string{
		"intervall": "Interval", "INTERVAL": "Interval", "hst": "Host", "Tmeout": "Timeout", "Password": "", "": "",
	} {
		if got := spelling.Nearest(name, names); got != want {
			t.Errorf("%q is near %q, want %q", name, got, want)
		}
	}
}
