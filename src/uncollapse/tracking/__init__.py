"""The runs in MLflow. No other folder imports mlflow."""
