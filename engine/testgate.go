package engine

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// testTimeout bounds one test, and testsTimeout all of them; policies whose
// tests take longer are refused.
const (
	testTimeout  = 15 * time.Second
	testsTimeout = slower * time.Minute
)

// maxNamed is how many of the tests that fail an error names.
const maxNamed = 10

// TestResult is the outcome of one policy test.
type TestResult struct {
	Package  string
	Name     string
	File     string
	Line     int
	Duration time.Duration
	// Err tells why it did not pass, nil where it did.
	Err     error
	Skipped bool
	// Output is what `print` wrote.
	Output string
}

// TestReport is the outcome of all tests of one revision.
type TestReport struct {
	Revision string
	Results  []TestResult
	// Coverage is the share of the policies' expressions that the tests ran, in
	// per cent.
	Coverage float64
}

// Failed gives the tests that did not pass.
func (r TestReport) Failed() []TestResult {
	var out []TestResult
	for _, t := range r.Results {
		if t.Err != nil {
			out = append(out, t)
		}
	}
	return out
}

// Err tells which tests do not pass; nil when all do.
func (r TestReport) Err() error {
	failed := r.Failed()
	if len(failed) == 0 {
		return nil
	}
	var named []error
	for _, t := range failed[:min(maxNamed, len(failed))] {
		named = append(named, fmt.Errorf("%s:%d: %s %w", t.File, t.Line, t.Name, t.Err))
	}
	if more := len(failed) - len(named); more > 0 {
		named = append(named, fmt.Errorf("and %d more", more))
	}
	return fmt.Errorf("%d of %d tests do not pass: %w", len(failed), len(r.Results), errors.Join(named...))
}

// Test runs the tests that stand beside the policies, with the same restricted
// capabilities that decisions have. An error means they could not be run.
// Measuring the coverage takes longer.
func Test(ctx context.Context, s Source, measure bool) (TestReport, error) {
	f, err := s.read(ctx)
	if err != nil {
		return TestReport{}, err
	}
	if !measure {
		report, _, err := test(ctx, f, nil)
		return report, err
	}
	coverage := cover.New()
	report, modules, err := test(ctx, f, coverage)
	if err != nil {
		return TestReport{}, err
	}
	for name := range modules {
		if strings.HasSuffix(name, testSuffix) {
			delete(modules, name)
		}
	}
	report.Coverage = coverage.Report(modules).Coverage
	return report, nil
}

// test runs the tests of one set of files; coverage may be nil, which is faster.
func test(ctx context.Context, f files, coverage *cover.Cover) (TestReport, map[string]*ast.Module, error) {
	report := TestReport{Revision: f.revision}
	caps := capabilities()
	src, err := parse(f, caps)
	if err != nil {
		return report, nil, err
	}
	for name, m := range src.modules {
		if _, ok := pointOf(m.Package); ok && strings.HasSuffix(name, testSuffix) {
			return report, nil, fmt.Errorf("%s: rules of %s in a file of tests would not count: name the file otherwise, or the package %s_test",
				name, m.Package.Path, m.Package.Path)
		}
	}
	store := inmem.NewFromObjectWithOpts(src.data, inmem.OptRoundTripOnWrite(false))
	txn, err := store.NewTransaction(ctx, storage.WriteParams)
	if err != nil {
		return report, nil, fmt.Errorf("open store: %w", err)
	}
	defer store.Abort(ctx, txn)
	compiler := ast.NewCompiler().
		WithCapabilities(caps).
		WithEnablePrintStatements(true).
		WithSchemas(src.schemas).
		WithUseTypeCheckAnnotations(true)
	runner := tester.NewRunner().
		SetCompiler(compiler).
		SetStore(store).
		SetModules(src.modules).
		CapturePrintOutput(true).
		SetTimeout(testTimeout).
		SetParallel(2)
	if coverage != nil {
		runner.SetCoverageQueryTracer(coverage)
	}
	bounded, cancel := context.WithTimeout(ctx, testsTimeout)
	defer cancel()
	results, err := runner.RunTests(bounded, txn)
	if err != nil {
		var list ast.Errors
		if errors.As(err, &list) {
			err = placed(list)
		}
		return report, nil, err
	}
	for r := range results {
		report.Results = append(report.Results, result(r))
	}
	sort.Slice(report.Results, func(i, j int) bool {
		a, b := report.Results[i], report.Results[j]
		if a.File != b.File {
			return a.File < b.File
		}
		return a.Line < b.Line
	})
	if bounded.Err() != nil && ctx.Err() == nil {
		return report, nil, fmt.Errorf("the tests did not end within %s", testsTimeout)
	}
	return report, src.modules, ctx.Err()
}

func result(r *tester.Result) TestResult {
	out := TestResult{Package: r.Package, Name: r.Name, Duration: r.Duration, Skipped: r.Skip, Output: string(r.Output)}
	if r.Location != nil {
		out.File, out.Line = r.Location.File, r.Location.Row
	}
	switch {
	case r.Error != nil && topdown.IsCancel(r.Error):
		out.Err = fmt.Errorf("did not end within %s", testTimeout)
	case r.Error != nil:
		out.Err = r.Error
	case r.Fail && r.FailedAt != nil && r.FailedAt.Location != nil:
		out.Err = fmt.Errorf("failed at %s:%d: %s", r.FailedAt.Location.File, r.FailedAt.Location.Row, firstLine(string(r.FailedAt.Location.Text)))
	case r.Fail:
		out.Err = errors.New("failed")
	}
	return out
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
