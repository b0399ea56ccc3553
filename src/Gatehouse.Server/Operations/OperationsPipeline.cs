namespace Gatehouse.Server.Operations;

/// <summary>Keeps the two sides apart: metrics only on the operations listener, and nothing but metrics and health there.</summary>
internal static class OperationsPipeline
{
    private const string MetricsPath = "/metrics";

    internal static void UseOperations(this IApplicationBuilder app)
    {
        app.Use(next => context => OperationsListener.Carries(context) && !IsOperations(context.Request.Path) ? NotFoundAsync(context) : next(context));
        app.UseOpenTelemetryPrometheusScrapingEndpoint(context => OperationsListener.Carries(context) && context.Request.Path == MetricsPath);
    }

    private static bool IsOperations(PathString path) => path == MetricsPath || path.StartsWithSegments(HealthEndpoints.Prefix, StringComparison.Ordinal);

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
