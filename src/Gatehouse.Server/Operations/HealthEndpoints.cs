using Gatehouse.Hub.TrustLog;

namespace Gatehouse.Server.Operations;

/// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: it can serve; 503 with the reason when not. A second line tells of a trust log that somebody has changed.</summary>
internal static class HealthEndpoints
{
    internal const string Prefix = "/health";

    // It serves all the same: what is wrong is for operators alone, and in the log.
    private const string BrokenTrustLog = "\nThe stored trust log is not the one that was signed.";

    internal static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Prefix + "/live", context => AnswerAsync(context, StatusCodes.Status200OK, "live"));
        routes.MapGet(Prefix + "/ready", async context =>
        {
            var problem = await context.RequestServices.GetRequiredService<Readiness>().FindProblemAsync(context.RequestAborted);
            var trustLog = context.RequestServices.GetRequiredService<TrustLogKeeper>().Problem;
            await AnswerAsync(context, problem is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, (problem ?? "ready") + (trustLog is null ? "" : BrokenTrustLog));
        });
    }

    private static Task AnswerAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }
}
