using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Notifications;
using Gatehouse.Store;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>File notifications over REST.</summary>
public sealed class FileNotificationTests : IAsyncLifetime
{
    private const string Path = "/messages/serviceBound/filenotifications";
    private const string Version = "?api-version=2021-04-12";

    private readonly RunningApi api = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task A_notification_is_received_abandoned_received_again_and_completed()
    {
        await PutAsync("""{"deviceId":"d1"}""");

        var first = await api.AskAsOwnerAsync("GET", Path + Version);
        Assert.Equal((200, """{"deviceId":"d1"}"""), (first.Code, first.Body));
        Assert.Equal(204, (await api.AskAsOwnerAsync("GET", Path + Version)).Code);
        Assert.Equal(204, (await api.AskAsOwnerAsync("GET", $"/messages/serviceBound/feedback{Version}")).Code);
        Assert.Equal(204, (await api.AskAsOwnerAsync("POST", $"{Path}/{TokenOf(first)}/abandon{Version}")).Code);
        var second = await api.AskAsOwnerAsync("GET", Path.ToLowerInvariant() + Version);
        ErrorShape.Check(await api.AskAsOwnerAsync("DELETE", $"{Path}/{TokenOf(first)}{Version}"), 412, "DeviceMessageLockLost");
        Assert.Equal(204, (await api.AskAsOwnerAsync("DELETE", $"{Path}/{TokenOf(second)}{Version}")).Code);
        Assert.Equal(204, (await api.AskAsOwnerAsync("GET", Path + Version)).Code);
    }

    private static string TokenOf(RunningApi.Answer answer) => answer.Header("ETag")!.Trim('"');

    private async Task PutAsync(string body) => await api.Services.GetRequiredService<Database>().WriteAsync<bool>(
        async (write, token) =>
        {
            await api.Services.GetRequiredService<NotificationQueues>().PutAsync(write, HubName.Parse("gatehouse"), NotificationKind.FileNotification, Encoding.UTF8.GetBytes(body), new NotificationOptions(), token);
            return true;
        },
        Token);
}
