namespace Gatehouse.Server.Operations;

/// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: it can serve; 503 with the reason when not.</summary>
internal static class HealthEndpoints
{
    internal static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => Results.Text("live\n"));
        routes.MapGet("/health/ready", async (Readiness readiness, CancellationToken cancellationToken) =>
            await readiness.FindProblemAsync(cancellationToken) is { } problem ? Results.Text(problem + "\n", statusCode: StatusCodes.Status503ServiceUnavailable) : Results.Text("ready\n"));
    }
}
