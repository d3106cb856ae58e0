package logging

import (
	"strings"

	"github.com/fxhost/fxhost/internal/spelling"
)

// hint names the key that may have been meant by one that is not known.
func hint(name string, known ...string) string {
	if near := spelling.Nearest(name, known); near != "" {
		return `did you mean "` + near + `"?`
	}
	return "known are " + strings.Join(known, ", ") + ", and providers with a LogLevel"
}
