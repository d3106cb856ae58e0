package health_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(programVariable) != "" {
		program()
		return
	}
	goleak.VerifyTestMain(m)
}
