"""The measures by the role that they play when cells are judged; results, page and MLflow use these names."""

LIKELIHOOD = "nll"
INFORMATION = "mi"
# Verdicts on collapse rest on the first of these shares of dimensions that was measured, see `Evidence`.
UNINFORMATIVE, COLLAPSED = "uninformative", "collapsed"
AT_EQUAL_WORK = "elbo_at_equal_work"
WORK_DONE = "gflops"
CONVERGED = "converged"
