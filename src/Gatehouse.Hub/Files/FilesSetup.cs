using Gatehouse.Hub.Notifications;
using Gatehouse.Keys;
using Gatehouse.Sinks.Blobs;
using Gatehouse.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Hub.Files;

/// <summary>How the room takes files in.</summary>
internal static class FilesSetup
{
    internal static void AddFiles(this IServiceCollection services, HubOptions options)
    {
        services.TryAddSingleton(options.Files);
        services.TryAddSingleton(_ => new BlobLookups(options.Sinks));
        services.TryAddSingleton(all => new FileUploadDefinitions(all.GetRequiredService<Database>(), all.GetRequiredService<SecretVault>(), all.GetRequiredService<BlobLookups>(), options));
        services.TryAddSingleton(all => new BlobAccess(all.GetRequiredService<Database>(), all.GetRequiredService<SecretVault>(), all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(all => new BlobStore(all.GetRequiredService<Database>(), options.Files, all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<UploadedFiles>();
        services.TryAddSingleton<EmbeddedPlace>();
        services.TryAddSingleton<AccountHealth>();
        services.TryAddSingleton<UploadPlaces>();
        services.TryAddSingleton(all => new FileUploads(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<UploadPlaces>(),
            all.GetRequiredService<BlobStore>(),
            all.GetRequiredService<NotificationQueues>(),
            options.Files,
            all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<FileUpkeep>();
        services.AddHostedService(static all => all.GetRequiredService<FileUpkeep>());
    }
}
