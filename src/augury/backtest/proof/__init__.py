"""What makes a result believable: tests, sensitivities, the benchmark, the verdict."""
