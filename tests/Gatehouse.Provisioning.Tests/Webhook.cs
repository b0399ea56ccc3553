using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Provisioning.Tests;

/// <summary>A webhook on loopback that answers what a test gives it, in order, and keeps what it was asked.</summary>
internal sealed class Webhook : IAsyncDisposable
{
    private readonly WebApplication app;

    private Webhook()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(AnswerAsync);
    }

    /// <summary>Status and body; the last one again and again.</summary>
    internal ConcurrentQueue<(int Status, string Body)> Answers { get; } = new();

    internal ConcurrentQueue<(string Body, string Signature)> Asked { get; } = new();

    /// <summary>What an answer waits for.</summary>
    internal Task Gate { get; set; } = Task.CompletedTask;

    internal string Url => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/allocate?code=x";

    internal static async Task<Webhook> StartAsync(params (int, string)[] answers)
    {
        var hook = new Webhook();
        foreach (var answer in answers)
        {
            hook.Answers.Enqueue(answer);
        }

        await hook.app.StartAsync();
        return hook;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        Asked.Enqueue((await reader.ReadToEndAsync(http.RequestAborted), http.Request.Headers["Gatehouse-Signature"].ToString()));
        await Gate.WaitAsync(http.RequestAborted);
        var answer = Answers.Count > 1 && Answers.TryDequeue(out var next) ? next : Answers.First();
        http.Response.StatusCode = answer.Status;
        await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(answer.Body), http.RequestAborted);
    }
}
