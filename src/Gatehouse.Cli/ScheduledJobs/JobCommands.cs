using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Querying;

namespace Gatehouse.Cli.ScheduledJobs;

/// <summary>The group <c>job</c>: methods and twin updates for all devices of a condition. Words as in <c>az iot hub job</c>.</summary>
internal sealed class JobCommands(Shell shell)
{
    private const string Method = "scheduleDeviceMethod";
    private const string Update = "scheduleUpdateTwin";

    // A job that is gone is unknown: others may remove it while it is waited for.
    private static readonly string[] Ended = ["completed", "failed", "cancelled", "unknown"];
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    private readonly Argument<string> id = new("job") { Description = "Job id." };
    private readonly Option<string> type = Words.OneOf(new Option<string>("--job-type", "--jt") { Description = $"{Method} or {Update}.", HelpName = "type", Required = true }, [Method, Update]);
    private readonly Option<string?> listedType = Words.OneOf(new Option<string?>("--job-type", "--jt") { Description = $"Only of this type: {Method} or {Update}.", HelpName = "type" }, [Method, Update]);
    private readonly Option<string?> status = new("--job-status", "--js") { Description = "Only in this state: queued, scheduled, running, completed, failed or cancelled.", HelpName = "status" };
    private readonly Option<string> condition = new("--query-condition", "-q") { Description = "Which devices: a condition; * for all.", HelpName = "condition", Required = true };
    private readonly Option<string?> patch = new("--twin-patch", "--patch") { Description = "For a twin update: JSON with tags and properties.desired, or @FILE.", HelpName = "json" };
    private readonly Option<string?> method = new("--method-name", "--mn") { Description = "For a method: its name.", HelpName = "name" };
    private readonly Option<string> payload = new("--method-payload", "--mp") { Description = "What the method gets: JSON, or @FILE. Default null.", HelpName = "json", DefaultValueFactory = _ => "null" };
    private readonly Option<int> responseTimeout = new("--method-response-timeout", "--mrt") { Description = "Seconds for the answer. Default 30.", HelpName = "seconds", DefaultValueFactory = _ => 30 };
    private readonly Option<int> connectTimeout = new("--method-connect-timeout", "--mct") { Description = "Seconds to wait for a device that is not connected. Default 30.", HelpName = "seconds", DefaultValueFactory = _ => 30 };
    private readonly Option<string?> start = new("--start-time", "--start") { Description = "When to begin, ISO 8601 in UTC. Default: now.", HelpName = "time" };
    private readonly Option<int> duration = new("--duration", "--ttl") { Description = "Seconds that it may take. Default 3600.", HelpName = "seconds", DefaultValueFactory = _ => 3600 };
    private readonly Option<bool> wait = new("--wait") { Description = "Wait until it has ended; exit code 1 when it did not complete." };
    private readonly Option<int?> top = new("--top") { Description = "At most so many. Default: all.", HelpName = "number" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new JobCommands(shell);
        return Shell.Group("job", "Jobs: a method or a twin update for all devices of a condition.", commands.Create, commands.Show, commands.List, commands.Cancel);
    }

    private Command Create => shell.Command(
        "create",
        "Begins a job.",
        [
            $"gatehouse job create reboot-1 --job-type {Method} --query-condition \"tags.site = 'north'\" --method-name reboot --wait",
            $"gatehouse job create tags-1 --job-type {Update} --query-condition \"*\" --twin-patch '{{\"tags\": {{\"site\": \"north\"}}}}'",
        ],
        [id, type, condition, patch, method, payload, responseTimeout, connectTimeout, start, duration, wait],
        async call =>
        {
            var isMethod = call.Value(type) == Method;
            if (isMethod ? call.Value(method) is null : call.Value(patch) is null)
            {
                throw CliException.Usage(isMethod ? "a method needs --method-name." : "a twin update needs --twin-patch.");
            }

            var body = new JsonObject
            {
                ["jobId"] = call.Value(id),
                ["type"] = call.Value(type),
                ["queryCondition"] = call.Value(condition),
                ["maxExecutionTimeInSeconds"] = call.Value(duration),
                ["startTime"] = call.Value(start),
            };
            if (isMethod)
            {
                body["cloudToDeviceMethod"] = new JsonObject
                {
                    ["methodName"] = call.Value(method),
                    ["payload"] = await JsonArgument.ReadAsync("--method-payload", call.Value(payload)!, call.Cancellation),
                    ["responseTimeoutInSeconds"] = call.Value(responseTimeout),
                    ["connectTimeoutInSeconds"] = call.Value(connectTimeout),
                };
            }
            else
            {
                var update = await JsonArgument.ReadObjectAsync("--twin-patch", call.Value(patch)!, call.Cancellation);
                update["etag"] ??= "*";
                body["updateTwin"] = update;
            }

            var job = await call.Hub.PutAsync(Path(call), body, null, call.Cancellation);
            while (call.Value(wait) && !Ended.Contains((string?)job["status"], StringComparer.Ordinal))
            {
                await Task.Delay(Poll, call.Cancellation);
                job = await call.Hub.GetAsync(Path(call), call.Cancellation);
                call.Terminal.Progress($"{job["status"]}");
            }

            call.Terminal.EndProgress();
            Answer(call, job);
            return call.Value(wait) && (string?)job["status"] != "completed" ? ExitCode.Refused : ExitCode.Ok;
        });

    private Command Show => shell.Command("show", "Shows a job.", ["gatehouse job show reboot-1"], [id], async call => Answer(call, await FindAsync(call)));

    private Command List => shell.Command("list", "Lists jobs.", ["gatehouse job list", "gatehouse job list --job-status running"], [listedType, status, top], async call =>
    {
        if (call.Value(top) is < 1)
        {
            throw CliException.Usage("--top: a number from 1 on.");
        }

        var jobs = new JsonArray();
        var path = HubPath.Service("jobs", "v2", "query").With("jobType", call.Value(listedType)).With("jobStatus", call.Value(status));
        await foreach (var job in QueryPages.ReadAsync(call.Hub, path, body: null, call.Value(top), call.Cancellation))
        {
            jobs.Add(job);
        }

        return call.Answer(jobs, terminal => terminal.Table(
            ["job", "type", "status", "created", "devices", "succeeded", "failed"],
            jobs.Select(job => (IEnumerable<string?>)[(string?)job!["jobId"], (string?)job["type"], (string?)job["status"], (string?)job["createdTime"], Count(job, "deviceCount"), Count(job, "succeededCount"), Count(job, "failedCount")])));
    });

    private Command Cancel => shell.Command(
        "cancel",
        "Cancels a job; what it did on devices stays.",
        ["gatehouse job cancel reboot-1"],
        [id],
        async call => Answer(call, await call.Hub.PostAsync(HubPath.Service("jobs", "v2", call.Value(id), "cancel"), null, null, call.Cancellation)));

    // The service answers 200 for a job that it does not know.
    private async Task<JsonNode> FindAsync(Call call)
    {
        var job = await call.Hub.GetAsync(Path(call), call.Cancellation);
        return (string?)job["type"] == "unknown" ? throw new CliException($"there is no job '{call.Value(id)}'. See 'gatehouse job list'.") : job;
    }

    private static int Answer(Call call, JsonNode job) => call.Answer(job, terminal => terminal.Facts(
        ("job", (string?)job["jobId"]),
        ("type", (string?)job["type"]),
        ("status", (string?)job["status"]),
        ("condition", (string?)job["queryCondition"]),
        ("created", (string?)job["createdTime"]),
        ("started", (string?)job["startTime"]),
        ("ended", (string?)job["endTime"]),
        ("failure", (string?)job["failureReason"]),
        ("message", (string?)job["statusMessage"]),
        ("devices", job["deviceJobStatistics"]?.ToJsonString(SafeJson.Line))));

    private static string? Count(JsonNode job, string name) => job["deviceJobStatistics"]?[name]?.GetValue<long>().ToString(CultureInfo.InvariantCulture);

    private HubPath Path(Call call) => HubPath.Service("jobs", "v2", call.Value(id));
}
