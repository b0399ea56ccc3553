using System.Text.Json.Nodes;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary>One run of the command line in this process, with its streams captured.</summary>
internal sealed class CliRun : IDisposable
{
    private readonly CancellationTokenSource stop;

    private CliRun(IReadOnlyList<string> arguments, string input, IReadOnlyDictionary<string, string>? environment)
    {
        stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var surroundings = new Surroundings
        {
            Output = Out,
            Error = Err,
            Input = new StringReader(input),
            Environment = name => environment?.GetValueOrDefault(name),
        };
        Ending = Task.Run(() => Cli.RunAsync(arguments, surroundings, stop.Token));
    }

    internal LiveText Out { get; } = new();

    internal LiveText Err { get; } = new();

    internal Task<int> Ending { get; }

    internal string Output => Out.ToString();

    internal string Errors => Err.ToString();

    internal JsonNode Json => JsonNode.Parse(Output)!;

    internal static CliRun Start(params IReadOnlyList<string> arguments) => new(arguments, "", null);

    /// <summary>Runs to the end and expects success.</summary>
    internal static async Task<CliRun> OkAsync(params IReadOnlyList<string> arguments)
    {
        var run = await EndAsync(arguments);
        Assert.True(await run.Ending == 0, $"gatehouse {string.Join(' ', arguments)}: exit code {await run.Ending}: {run.Errors}");
        return run;
    }

    /// <summary>Runs to the end.</summary>
    internal static async Task<CliRun> EndAsync(IReadOnlyList<string> arguments, string input = "", IReadOnlyDictionary<string, string>? environment = null)
    {
        var run = new CliRun(arguments, input, environment);
        await run.Ending.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        return run;
    }

    /// <summary>What <c>gatehouse why</c> prints once it tells of so many refusals: they are written a moment after they happen.</summary>
    internal static async Task<CliRun> UntilRefusedAsync(RunningServer server, string id, int count)
    {
        while (true)
        {
            var run = await OkAsync(server.On("why", id));
            if (run.Out.Lines.Count(line => line.Contains("Next: ", StringComparison.Ordinal)) >= count)
            {
                return run;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Runs to the end and expects one line of error that holds these words.</summary>
    internal static async Task<string> RefusedAsync(int code, IReadOnlyList<string> arguments, params IReadOnlyList<string> words)
    {
        var run = await EndAsync(arguments);
        run.CheckRefused(code, words);
        return run.Errors;
    }

    internal void CheckRefused(int code, params IReadOnlyList<string> words)
    {
        Assert.Equal((code, ""), (Ending.Result, Output));
        Assert.StartsWith("gatehouse: ", Errors, StringComparison.Ordinal);
        Assert.Equal(1, Errors.Count(letter => letter == '\n'));
        Assert.DoesNotContain("unforeseen", Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Errors, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, Errors, StringComparison.Ordinal));
    }

    /// <summary>Ctrl+C.</summary>
    internal Task InterruptAsync() => stop.CancelAsync();

    /// <summary>Waits until what was written so far satisfies.</summary>
    internal async Task UntilAsync(Func<CliRun, bool> condition)
    {
        var end = DateTime.UtcNow.AddSeconds(90);
        while (!condition(this))
        {
            Assert.True(DateTime.UtcNow < end && !Ending.IsCompleted, $"Waited in vain. Output: {Output} Errors: {Errors}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public void Dispose() => stop.Dispose();
}

/// <summary>The arguments that name a test's server.</summary>
internal static class RunningServerArguments
{
    internal static string[] On(this RunningServer server, params IEnumerable<string> arguments) => [.. arguments, "--data", server.Data];
}
