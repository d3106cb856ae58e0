package admin_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if runProgram() {
		return
	}
	goleak.VerifyTestMain(m)
}
